#include "common/claims/claim_table.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/claims/covering.h"
#include "common/claims/decodability.h"
#include "common/claims/dimension.h"
#include "common/claims/jl_projection.h"
#include "common/claims/kronecker_cache.h"
#include "common/claims/multi_index.h"
#include "common/claims/paper_sharpness.h"
#include "common/claims/qjl_scores.h"
#include "common/claims/qjl_tail.h"
#include "common/claims/tensor_time.h"

namespace kvwire {
namespace {

constexpr Claim kClaims[] = {
    {"jl",
     "d >= Omega(eps^-2 log n) Gaussian dimensions keep all inner products of n "
     "orthonormal vectors within eps, but for a probability of 1/n",
     "VAR paper, Lemma 3.10", Outcome::kHolds, CheckJlProjection},
    {"decodability",
     "Bob can tell 0 from 1 whatever the other bits are if delta < Delta, to be exact if and "
     "only if W < 1",
     "VAR paper, proof of Theorem 4.5", Outcome::kHolds, CheckDecodability},
    {"sharpness", "C = 2 ln(L + n^2 - 1) / (1 - eps) lets Bob tell 0 from 1 (eps = 0.1)",
     "VAR paper, proof of Theorem 4.5", Outcome::kHolds, CheckPaperSharpness},
    {"dimension",
     "d >= C_u log n dimensions are enough to read every bit, by way of eps = 0.1",
     "VAR paper, Theorem 4.5", Outcome::kHoldsWithOtherConstants, CheckDimension},
    {"multi-index",
     "Bob reads all of his n^2 bits with probability (1 - 1/(4n^2))^(n^2) >= 3/5",
     "VAR paper, proof of Theorem 4.5", Outcome::kHoldsWithOtherConstants, CheckMultiIndex},
    {"tensor-time",
     "Tensor attention over two precomputed caches is faster than over four by Omega(n^2 d)",
     "tensor paper, Theorem 4.3", Outcome::kDoesNotHold, CheckTensorTime},
    {"kronecker",
     "Tensor attention over K1 (/) K2 and V1 (/) V2 needs Omega(n^2 d) bits of memory",
     "tensor paper, Theorems 4.2 and B.2", Outcome::kDoesNotHold, CheckKroneckerCache},
    {"covering",
     "Points of the unit ball fall into ceil(e^d) clusters of diameter delta = e/3, for "
     "(3/delta)^d = e^d balls of radius delta cover it",
     "tensor paper, Lemmas 5.4 and B.8", Outcome::kHoldsWithOtherConstants, CheckCovering},
    {"qjl",
     "m = (4/3) (1 + eps) eps^-2 ln(2/delta) signs of a Gaussian sketch of k keep <q, k> "
     "within eps |q| |k|, but for a probability of delta",
     "QJL paper (arXiv 2406.03482), Lemma 3.5", Outcome::kHoldsWithOtherConstants,
     CheckQjlTail},
    {"qjl-scores",
     "m = 2 r^2 eps^-2 ln n signs a key keep all softmax scores of n keys and a query no "
     "longer than r within a factor of 1 +- 3 eps",
     "QJL paper (arXiv 2406.03482), Theorem 3.6", Outcome::kDoesNotHold, CheckQjlScores},
};

}  // namespace

absl::Span<const Claim> AllClaims() { return kClaims; }

absl::StatusOr<const Claim*> FindClaim(std::string_view name) {
  std::string names;
  for (const Claim& claim : kClaims) {
    if (claim.name == name) return &claim;
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(claim.name));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no claim is called '", std::string(name), "'; there are: ", names));
}

}  // namespace kvwire
