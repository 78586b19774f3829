#include "common/coding/polar_plan.h"

#include <bit>

namespace kvwire {
namespace {

class Planner {
 public:
  explicit Planner(const PolarCode& code) : code_(code) {}

  void Plan(int64_t first, int64_t size) {
    const int64_t free = Free(first, size);
    if (free == 0 || free == size) {
      Add(free == 0 ? PolarStep::kFrozen : PolarStep::kFree);
      return;
    }
    if (size == 8) {
      Add(PolarStep::kLeaf);
      steps_.push_back(static_cast<uint8_t>(Word(first) >> first % 64));
      return;
    }
    const int64_t half = size / 2;
    if (Free(first, half) == 0) {
      Add(PolarStep::kSecondHalf);
      Plan(first + half, half);
    } else if (Free(first + half, half) == half) {
      Add(PolarStep::kFirstHalf);
      Plan(first, half);
    } else {
      Add(PolarStep::kHalves);
      Plan(first, half);
      Plan(first + half, half);
    }
  }

  std::vector<uint8_t> Take() { return std::move(steps_); }

 private:
  uint64_t Word(int64_t position) const {
    return code_.information[static_cast<size_t>(position / 64)];
  }

  // How many of `size` positions, a power of two, are not frozen.
  int64_t Free(int64_t first, int64_t size) const {
    if (size < 64) return std::popcount(Word(first) >> first % 64 << (64 - size));
    int64_t free = 0;
    for (int64_t i = first; i < first + size; i += 64) free += std::popcount(Word(i));
    return free;
  }

  void Add(PolarStep step) { steps_.push_back(static_cast<uint8_t>(step)); }

  const PolarCode& code_;
  std::vector<uint8_t> steps_;
};

}  // namespace

std::vector<uint8_t> PlanPolarSteps(const PolarCode& code) {
  Planner planner(code);
  planner.Plan(0, code.block);
  return planner.Take();
}

}  // namespace kvwire
