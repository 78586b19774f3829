#include <memory>

#include "common/base/status_macros.h"
#include "common/kv/algorithms/subgen_cache.h"
#include "common/kv/registry.h"

// SubGen as in the paper: see subgen_sketch.h for its state, subgen_cache.h for its
// estimate. With t = O(eps^-2 e^{2 delta r} log n) keys a cluster and s = O(eps^-2 d) samples
// its answer is within eps ||softmax(K q)||_2 ||V||_op with probability 0.99 for ||q|| <= r.
// An answer of zero is within that norm for eps = 1 (algorithm `zero`).

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

KvAlgorithm DescribeSubgen() {
  return {.name = "subgen",
          .code = 20,
          .kind = AlgorithmKind::kSketch,
          .summary = "SubGen: clusters of keys, and tokens sampled by the norms of values",
          .reference = "Zandieh, Han, Mirrokni, Karbasi 2024, arXiv 2402.06082",
          .state_bits =
              "m clusters, N tokens with the zero ones: 32 (m (1 + t) d + 2 s d) + 64 + m "
              "ceil(log2(N + 1))",
          .options = SubgenOptionTable(),
          .attention = AttentionSupport::kOrdinary,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
