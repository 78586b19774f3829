#ifndef KVWIRE_COMMON_KV_ALGORITHMS_NORM_SAMPLER_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_NORM_SAMPLER_H_

// SubGen's sampler of values (Zandieh, Han, Mirrokni, Karbasi 2024): s slots, each of which
// holds, independently of the others, one token of the stream, with probability
// ||v||^2 / mu where mu is the sum of ||v||^2. A token replaces a slot with its share of the
// mu so far. Values of zero are never sampled; before the first other one no slot is filled.

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/kv/algorithms/slot_rows.h"
#include "common/kv/algorithms/token_randomness.h"

namespace kvwire {

class NormSampler {
 public:
  // `slots` rows of a key and a value in R^dims; `use` of `seed` for its coins.
  NormSampler(int64_t slots, int64_t dims, uint64_t seed, uint64_t use);

  void Take(int64_t token, absl::Span<const float> key, absl::Span<const float> value);

  double norm_sum() const { return norm_sum_; }   // mu
  const SlotRows& rows() const { return rows_; }  // [s or 0, 2 dims]: key, then value

  absl::Span<const float> key(int64_t slot) const;
  absl::Span<const float> value(int64_t slot) const;
  // ln(mu / (s ||v||^2)): weighted by it, the sum of any function of (key, value) over the
  // slots is an unbiased estimate of the sum over all tokens whose value is not zero.
  double LogWeight(int64_t slot) const;

  // For restoring, rows after the sum. Return DATA_LOSS on a sum or row of no sampler.
  absl::Status RestoreNormSum(double norm_sum);
  absl::Status RestoreRow(std::string_view bytes);

 private:
  int64_t slots_;
  int64_t dims_;
  TokenRandomness randomness_;
  double norm_sum_ = 0;
  SlotRows rows_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_NORM_SAMPLER_H_
