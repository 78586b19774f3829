// Keeps the pieces of a connection whole (waterfall_fuzz.cc has the form of the input).

#include "tests/fuzz/record_mutation.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  const bool is_connection = size > 1 && data[0] % 2 == 0;
  if (!is_connection) return LLVMFuzzerMutate(data, size, max_size);
  return 1 + kvwire::MutateRecords(data + 1, size - 1, max_size - 1, seed);
}
