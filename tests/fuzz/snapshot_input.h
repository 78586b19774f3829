#ifndef KVWIRE_TESTS_FUZZ_SNAPSHOT_INPUT_H_
#define KVWIRE_TESTS_FUZZ_SNAPSHOT_INPUT_H_

// The input of the snapshot target: one byte, whose low 6 bits are the code of an algorithm
// and whose high 2 bits are that of a wrapper, 0 for none; then a snapshot, good or bad.

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/kv/kv_cache.h"

namespace kvwire {

// What is to be restored: the algorithm and wrapper of the first byte, with the options, the
// d and the kind that the snapshot's header gives it; where that is of something else or
// makes no sense, the defaults. Nothing if there is no such algorithm, or if a cache of it
// takes so long to make that few inputs are spent on those.
std::optional<CacheSetup> SetupOfInput(uint8_t first, std::string_view snapshot);

// The byte of the layers of a spec; 0 if there is none.
uint8_t FirstByteOf(const AlgorithmSpec& spec);

}  // namespace kvwire

#endif  // KVWIRE_TESTS_FUZZ_SNAPSHOT_INPUT_H_
