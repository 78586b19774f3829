#ifndef KVWIRE_COMMON_KV_ALGORITHMS_BALANCED_HALVING_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_BALANCED_HALVING_H_

// Keeps one of each two neighbouring tokens so that twice the kept ones stand for all:
// BalanceKV's self-balancing walk (Han, Kapralov, Kochetkova, Sheth, Zandieh 2025; Alweiss,
// Liu, Sawhney 2021) over the differences x_a - x_b of the pairs, where
//   <x, x'> = e^{scale <k - mean, k' - mean> - c} (<v, v'> + 0.025) / largest ||v||^2 + 0.025
// is at most 1: the vectors whose sums, against e^{<q, .>}, are both sums of attention. The
// first of a pair is kept with probability 1/2 - gamma <w, x_a - x_b>, cut to [0, 1], where
// w is the signed sum so far. Whatever gamma, each token is kept with probability 1/2.
//
// The authors' code draws a sign for each token and keeps the rarer sign at weight 2 and
// what is left over at weight 1, which loses weight. Pairs leave exactly half, and every
// estimate of a sum unbiased.

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "common/base/matrix.h"

namespace kvwire {

struct BalancedWalk {
  double scale = 1;  // of scores
  double gamma = 0;  // 0: independent coins
};

// Returns the p rows to keep, increasing, of the tokens of `keys` and `values` [2 p, d];
// pair i tosses coin(i), uniform on (0, 1). O(p^2 d), on the portable path.
std::vector<int64_t> HalveBalanced(const BalancedWalk& walk,
                                   const Eigen::Ref<const Matrix>& keys,
                                   const Eigen::Ref<const Matrix>& values,
                                   absl::FunctionRef<double(int64_t)> coin);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_BALANCED_HALVING_H_
