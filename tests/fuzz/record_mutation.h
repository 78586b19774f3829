#ifndef KVWIRE_TESTS_FUZZ_RECORD_MUTATION_H_
#define KVWIRE_TESTS_FUZZ_RECORD_MUTATION_H_

// Changes of inputs that are records: in the bytes of one, or in their order. For mutators,
// which are linked with libFuzzer.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>

#include "tests/fuzz/records.h"

namespace kvwire {

// Changes a record that was chosen; may put right what depends on others.
using RecordMutation = std::function<void(std::vector<Record>& records, size_t chosen,
                                          size_t room, std::mt19937& random)>;

// Changes the bytes of the chosen record, which grow by at most `room`.
void MutateRecordBytes(std::vector<Record>& records, size_t chosen, size_t room,
                       std::mt19937& random);

// Changes one record of the input by `mutate`, or drops, repeats, moves or renames it; or,
// once in eight, any of the bytes. Returns the new size, as LLVMFuzzerCustomMutator.
size_t MutateRecords(uint8_t* data, size_t size, size_t max_size, unsigned int seed,
                     const RecordMutation& mutate = MutateRecordBytes);

}  // namespace kvwire

#endif  // KVWIRE_TESTS_FUZZ_RECORD_MUTATION_H_
