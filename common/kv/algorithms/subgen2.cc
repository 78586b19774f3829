#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/portable_math.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/subgen_cache.h"
#include "common/kv/registry.h"

// SubGen2Cache: attention over the two caches of Kronecker products, K1 (/) K2 and
// V1 (/) V2 (tensor paper, Lemma 5.2). The Lemma's input is a sequence of n^2 triples, which
// is how the problem tensor2 streams them: ordinary tokens of ordinary attention. So what
// it asserts is SubGen's theorem for n^2 tokens, and the algorithm is SubGen (`subgen`) with
// the sizes that the Lemma names, constants 1:
//   t = ceil(eps^-2 e^{2 delta r} ln n) keys a cluster,  s = ceil(eps^-2 d) samples,
// for queries of norm at most r. Ours: the paper has no procedure and no constants, and
// does not say how the triples of n quintuples come one by one (token n makes 2 n - 1 of
// them out of all earlier factors, so that forming them takes the whole four caches).
//
// What does not fit together: the proof of Theorem 6.4 shows k1 and k2 to be clusterable,
// the Lemma assumes it of the products. (Those are in the unit ball with k1 and k2, so the
// step can be saved.) And at the sharpness that lets any answer be decoded, r = C of 10 to
// 27, the t for delta = e/3 is beyond 10^7: options that ask for it are refused, for a cache
// of every token would be smaller.

namespace kvwire {
namespace {

constexpr double kMostClusterKeys = 1 << 20;

struct LemmaOptions {
  SubgenOptions sizes;  // but for the samples, which take d
  double eps = 0;

  static absl::StatusOr<LemmaOptions> FromSpec(const AlgorithmSpec& spec);
};

absl::StatusOr<LemmaOptions> LemmaOptions::FromSpec(const AlgorithmSpec& spec) {
  LemmaOptions options;
  KVWIRE_ASSIGN_OR_RETURN(options.eps, spec.RealOption("eps", 0.5, 0.1, 1));
  KVWIRE_ASSIGN_OR_RETURN(options.sizes.delta, spec.RealOption("delta", 0.906, 0, 1e6));
  KVWIRE_ASSIGN_OR_RETURN(const double r, spec.RealOption("r", 1, 0, 1e6));
  KVWIRE_ASSIGN_OR_RETURN(const int64_t n, spec.IntOption("n", 16, 2, int64_t{1} << 26));
  KVWIRE_ASSIGN_OR_RETURN(options.sizes.clusters,
                          spec.IntOption("clusters", 0, 0, int64_t{1} << 32));
  const double keys =
      std::ceil(PortableExp(2 * options.sizes.delta * r) *
                PortableLog(static_cast<double>(n)) / (options.eps * options.eps));
  if (!(keys <= kMostClusterKeys)) {
    return absl::InvalidArgumentError(
        absl::StrCat("algorithm subgen2: eps=", options.eps, ", delta=", options.sizes.delta,
                     ", r=", r, " and n=", n, " ask for ", keys, " keys a cluster, more than ",
                     kMostClusterKeys, ": the lemma says nothing here"));
  }
  options.sizes.cluster_keys = static_cast<int64_t>(keys);
  return options;
}

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return LemmaOptions::FromSpec(spec).status();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(LemmaOptions options, LemmaOptions::FromSpec(setup.spec));
  options.sizes.value_samples = static_cast<int64_t>(
      std::ceil(static_cast<double>(setup.dims) / (options.eps * options.eps)));
  return SubgenCache::Create(setup, options.sizes);
}

constexpr AlgorithmOption kOptions[] = {
    {"eps", "0.5", "the error asked for, in units of ||softmax||_2 ||V||_op"},
    {"delta", "0.906", "a key within this distance of a centre joins its cluster"},
    {"r", "1", "the largest norm of a query"},
    {"n", "16", "n^2 tokens are expected"},
    {"clusters", "0", "most clusters, past which there is no guarantee; 0: any number"},
};

}  // namespace

KvAlgorithm DescribeSubgen2() {
  return {.name = "subgen2",
          .code = 23,
          .kind = AlgorithmKind::kSketch,
          .summary = "SubGen of n^2 product tokens, at the sizes of Lemma 5.2",
          .reference = "ours; for Lemma 5.2 of the tensor paper, which gives no procedure",
          .state_bits =
              "t = ceil(e^(2 delta r) ln(n) / eps^2), s = ceil(d / eps^2), the rest as in "
              "subgen: 32 (m (1 + t) d + 2 s d) + 64 + m ceil(log2(N + 1))",
          .options = kOptions,
          .attention = AttentionSupport::kOrdinary,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
