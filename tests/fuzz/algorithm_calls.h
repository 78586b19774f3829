#ifndef KVWIRE_TESTS_FUZZ_ALGORITHM_CALLS_H_
#define KVWIRE_TESTS_FUZZ_ALGORITHM_CALLS_H_

// The calls that the records of an input of the target algorithm_service are of: kind %
// kAlgorithmCalls; an odd quotient says that another caller than usual makes it.

#include <cstdint>

namespace kvwire {

enum class AlgorithmCall : uint8_t { kOpen, kIngest, kSnapshot, kRestore, kAttend, kClose };

inline constexpr int kAlgorithmCalls = 6;

}  // namespace kvwire

#endif  // KVWIRE_TESTS_FUZZ_ALGORITHM_CALLS_H_
