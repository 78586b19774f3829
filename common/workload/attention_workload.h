#ifndef KVWIRE_COMMON_WORKLOAD_ATTENTION_WORKLOAD_H_
#define KVWIRE_COMMON_WORKLOAD_ATTENTION_WORKLOAD_H_

// A stream of tokens and the queries that are asked when all of it is in: what KV caches
// are compared on where they carry no bits of Alice's.

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "common/base/matrix.h"

namespace kvwire {

// The most numbers of keys, and so of values: n d.
inline constexpr int64_t kMaxWorkloadNumbers = int64_t{1} << 26;

struct AttentionWorkload {
  Matrix keys;           // [n, d]
  Matrix values;         // [n, d]
  Matrix token_queries;  // [n, d], of the tokens themselves: what policies go by
  // Tokens of each scale, in order, n in all: a budget is enforced at the end of each.
  std::vector<int64_t> scale_tokens;
  Matrix queries;  // [m, d], asked at the end; scores are plain <q, k>

  int64_t tokens() const { return keys.rows(); }
  int64_t dims() const { return keys.cols(); }
};

// Returns INVALID_ARGUMENT unless scales of `scale_tokens` have a token.
absl::Status CheckScaleTokens(int64_t scale_tokens);

// n tokens in scales of `scale_tokens` >= 1, the last one with what is left. n >= 0.
std::vector<int64_t> EvenScales(int64_t tokens, int64_t scale_tokens);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WORKLOAD_ATTENTION_WORKLOAD_H_
