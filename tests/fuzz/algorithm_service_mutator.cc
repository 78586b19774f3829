// Changes one request, or the order of some.

#include "tests/fuzz/record_mutation.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  return kvwire::MutateRecords(data, size, max_size, seed);
}
