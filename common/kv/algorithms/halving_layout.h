#ifndef KVWIRE_COMMON_KV_ALGORITHMS_HALVING_LAYOUT_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_HALVING_LAYOUT_H_

// Merge and reduce: where the n tokens of a stream are (those that are not zero) when the
// first ones and a window of the last ones are kept as they are, the others gathered in
// blocks, a full block halved, and two halves of one level merged and halved again. All of
// it is a function of n, for blocks fill like the digits of a binary counter.

#include <algorithm>
#include <bit>
#include <cstdint>

#include "absl/status/statusor.h"
#include "common/kv/algorithm_spec.h"

namespace kvwire {

struct HalvingLayout {
  static constexpr int64_t kMostBlock = 4096;

  int64_t sinks = 0;
  int64_t window = 0;
  int64_t block = 0;  // even, at most kMostBlock

  // From the options sinks, window and block.
  static absl::StatusOr<HalvingLayout> FromSpec(const AlgorithmSpec& spec);

  int64_t Sinks(int64_t n) const { return std::min(n, sinks); }
  int64_t Window(int64_t n) const { return std::min(n - Sinks(n), window); }
  int64_t Passed(int64_t n) const { return n - Sinks(n) - Window(n); }  // the window

  // The levels of what has passed: level 0 is the block that fills, a row of level l stands
  // for 2^l tokens.
  int64_t Levels(int64_t n) const {
    return 1 + std::bit_width(static_cast<uint64_t>(Passed(n) / block));
  }
  int64_t LevelRows(int64_t n, int64_t level) const {
    if (level == 0) return Passed(n) % block;
    return ((Passed(n) / block) >> (level - 1) & 1) * (block / 2);
  }

  int64_t Rows(int64_t n) const;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_HALVING_LAYOUT_H_
