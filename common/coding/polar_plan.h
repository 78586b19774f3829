#ifndef KVWIRE_COMMON_CODING_POLAR_PLAN_H_
#define KVWIRE_COMMON_CODING_POLAR_PLAN_H_

#include <cstdint>
#include <vector>

#include "common/coding/polar_code.h"

namespace kvwire {

// What successive cancellation does at a node, 2^k positions i of equal i / 2^k: nodes of
// which nothing depends are left out.
enum class PolarStep : uint8_t {
  kFrozen,      // all positions are
  kFree,        // none is
  kLeaf,        // 8 positions, some of them frozen; the next byte has a 1 for each free one
  kHalves,      // steps of the first half follow, then of the second
  kSecondHalf,  // the first half is frozen; steps of the second follow
  kFirstHalf,   // the second half is free; steps of the first follow
};

// The steps of a code, each one byte, in order of work; N / 4 bytes at most.
std::vector<uint8_t> PlanPolarSteps(const PolarCode& code);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_POLAR_PLAN_H_
