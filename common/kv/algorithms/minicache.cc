// Sections, for keys and then for values: a bit a token, 1 if it is whole (content 7), the
// whole ones (1), the directions of the others (10) and their two lengths (6), all numbers at
// binary32 (MergedVectors).

#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/merged_layers_cache.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

absl::StatusOr<LayerMergeOptions> OptionsOf(const AlgorithmSpec& spec) {
  constexpr double kMillion = 1000000;
  LayerMergeOptions options;
  KVWIRE_ASSIGN_OR_RETURN(options.t, spec.RealOption("t", 0.6, 0, 1));
  KVWIRE_ASSIGN_OR_RETURN(const double gamma, spec.RealOption("gamma", 0.05, 0, 1));
  options.gamma_millionths = std::llround(gamma * kMillion);
  if (static_cast<double>(options.gamma_millionths) / kMillion == gamma) return options;
  return absl::InvalidArgumentError(absl::StrCat(
      "algorithm minicache: gamma=", spec.options().at("gamma"), " has over six decimals"));
}

absl::Status CheckOptions(const AlgorithmSpec& spec) { return OptionsOf(spec).status(); }

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const LayerMergeOptions options, OptionsOf(setup.spec));
  auto cache = std::make_unique<MergedLayersCache>(setup, options);
  KVWIRE_RETURN_IF_ERROR(cache->CheckFrame());
  return cache;
}

constexpr AlgorithmOption kOptions[] = {
    {"t", "0.6",
     "where the shared direction lies: at the lower layer's, 0, to the upper's, 1"},
    {"gamma", "0.05", "share of the tokens that stay whole, with up to six decimals"},
};

}  // namespace

KvAlgorithm DescribeMinicache() {
  return {.name = "minicache",
          .code = 26,
          .kind = AlgorithmKind::kQuantizer,
          .summary = "two layers side by side: one direction for both, and their lengths",
          .reference = "Liu et al. 2024, arXiv 2405.14366",
          .state_bits = "2 (n + 32 d k + 32 (ceil(d/2) + 2) (n - k)), k = floor(gamma n)",
          .options = kOptions,
          .attention = AttentionSupport::kOrdinary,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
