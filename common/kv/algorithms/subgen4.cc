#include <memory>

#include "common/base/status_macros.h"
#include "common/kv/algorithms/subgen_cache.h"
#include "common/kv/registry.h"

// SubGen4Cache: tensor attention over four caches K1, K2, V1, V2 (tensor paper, Lemma 5.1).
// The paper has the Lemma but no procedure, and says that [SubGen] has one. SubGen takes
// triples; here token n makes 2 n - 1 new pairs, so running it on the rows of the Kronecker
// products costs O(n^2) updates and needs all earlier factors, which is the whole cache.
//
// Ours, in one pass and O(n) updates: cluster and sample the first factors (k1, v1) and the
// second (k2, v2) apart, with independent coins. What a pair weighs is a product, so
//   - pairs of cluster keys, one of each, estimate tau without bias, and
//   - pairs of samples, all s^2 of them, are draws with probability
//     ||v1_a||^2 ||v2_b||^2 / (mu1 mu2), exactly, and estimate z without bias.
//
// What the Lemma claims: O(d eps^-2 (d + m e^{2 delta r} log n)) bits for an error of
// eps ||softmax||_2 ||V1 (x) V2||_op, if k1 and k2 are each (m, delta)-clusterable. What it
// would take:
//   - Pairs fall into m^2 clusters, not m. Two factors of m clusters each represent them,
//     but scores within such a cluster differ by up to delta (||q o k1|| + ||q o k2||):
//     with keys of norm 1, 2 delta r and not delta r, so t needs e^{4 delta r}.
//   - Sampling by ||v1_a o v2_b||^2, which the proof for SubGen needs, does not factorise.
//     The product of norms is an upper bound, so the error that s samples leave is
//     sqrt(mu1 mu2 / s) ||softmax||_2 with mu1 mu2 = ||V1||_F^2 ||V2||_F^2: for v2 of ones,
//     as in the paper's own hard instance, d times what row norms would give.
//   - Lemma 5.4 puts m = e^d for delta = e/3; (3 / delta)^d is (9 / e)^d = 3.31^d, and for
//     clusters of diameter delta (1 + 4 / delta)^d can be proved. With r = O(log log n) one
//     ball around 0 does as well and needs fewer bits than the lower bound of the paper's
//     optimality theorem 6.3, so the theorem cannot be read as printed.

namespace kvwire {
namespace {

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return SubgenOptions::FromSpec(spec).status();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const SubgenOptions options, SubgenOptions::FromSpec(setup.spec));
  return SubgenCache::Create(setup, options);
}

}  // namespace

KvAlgorithm DescribeSubgen4() {
  return {.name = "subgen4",
          .code = 22,
          .kind = AlgorithmKind::kSketch,
          .summary = "SubGen of both factors of tensor attention apart, over pairs of samples",
          .reference = "ours; for Lemma 5.1 of the tensor paper, which gives no procedure",
          .state_bits =
              "m clusters of both factors, N tokens with the zero ones: 32 (m (1 + t) d + 4 s "
              "d) + 128 + m ceil(log2(N + 1))",
          .options = SubgenOptionTable(),
          .attention = AttentionSupport::kTensor,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
