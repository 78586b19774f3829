// SKVQ. Sections: the first and the most recent tokens (WindowCache), unless sinks=0 and
// window=0, then codes and ends of the keys' groups and of the values' (TokenGroupCodec).

#include <memory>
#include <utility>

#include "common/base/status_macros.h"
#include "common/kv/coded_cache.h"
#include "common/kv/registry.h"
#include "common/kv/token_group_codec.h"
#include "common/kv/window_cache.h"

namespace kvwire {
namespace {

constexpr int64_t kMaxRows = int64_t{1} << 32;

struct Options {
  TokenGroupCodec::Layout layout;
  WindowSize window;

  static absl::StatusOr<Options> FromSpec(const AlgorithmSpec& spec);
};

absl::StatusOr<Options> Options::FromSpec(const AlgorithmSpec& spec) {
  Options options;
  KVWIRE_ASSIGN_OR_RETURN(const int64_t bits,
                          spec.IntOption("bits", 2, 1, MinMaxGrid::kMaxCodeBits));
  options.layout.code_bits = static_cast<int>(bits);
  KVWIRE_ASSIGN_OR_RETURN(options.layout.group,
                          spec.IntOption("group", 128, 1, 2 * kMaxCacheDims));
  KVWIRE_ASSIGN_OR_RETURN(options.layout.clip, spec.RealOption("clip", 0.92, 0.1, 1));
  KVWIRE_ASSIGN_OR_RETURN(options.window.sinks, spec.IntOption("sinks", 5, 0, kMaxRows));
  KVWIRE_ASSIGN_OR_RETURN(options.window.recent, spec.IntOption("window", 128, 0, kMaxRows));
  KVWIRE_ASSIGN_OR_RETURN(const int ends,
                          spec.ChoiceOption("scales", {{"float16", "float8"}}));
  options.layout.ends = ends == 0 ? SmallFloat::kBinary16 : SmallFloat::kE4M3;
  return options;
}

// The reference permutes channels and chooses clips by what it measures on calibration
// data of a model. Here there is none: channels stay in order, and there is one clip.
absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(Options options, Options::FromSpec(setup.spec));
  options.layout.width = setup.row_width();
  KVWIRE_ASSIGN_OR_RETURN(
      std::unique_ptr<KvCache> quantised,
      CodedCache::Create(setup, std::make_unique<TokenGroupCodec>(options.layout),
                         std::make_unique<TokenGroupCodec>(options.layout)));
  if (options.window.sinks + options.window.recent == 0) return quantised;
  return WindowCache<Eigen::half>::Create(setup, options.window, std::move(quantised));
}

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return Options::FromSpec(spec).status();
}

constexpr AlgorithmOption kOptions[] = {
    {"bits", "2", "of a code"},
    {"clip", "0.92", "factor of the ends of a group"},
    {"group", "128", "channels that share their ends"},
    {"scales", "float16", "format of the ends: float16, or float8 (E4M3)"},
    {"sinks", "5", "tokens kept at binary16 from the beginning of the stream"},
    {"window", "128", "most recent tokens kept at binary16"},
};

}  // namespace

KvAlgorithm DescribeSkvq() {
  return {.name = "skvq",
          .code = 9,
          .kind = AlgorithmKind::kQuantizer,
          .summary =
              "tokens quantised in clipped groups of channels (in their order: there "
              "is no calibration), first and recent ones at 16 bits",
          .reference = "Duanmu et al. 2024, arXiv 2405.06219",
          .state_bits =
              "32 d E + 2 (n - E) (b d + 2 s ceil(d / G)), E = min(n, sinks + "
              "window), s = 16, or 8 for float8",
          .options = kOptions,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
