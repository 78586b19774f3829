#ifndef KVWIRE_TESTS_FUZZ_SPOOL_INPUT_H_
#define KVWIRE_TESTS_FUZZ_SPOOL_INPUT_H_

// What the file of the spool target is called after.

#include <cstdint>

namespace kvwire {

inline constexpr uint64_t kFuzzedRun = 0x0123456789abcdef;

}  // namespace kvwire

#endif  // KVWIRE_TESTS_FUZZ_SPOOL_INPUT_H_
