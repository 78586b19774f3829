// Sections: the kept tokens, then those of what is inside (WindowCache).

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/registry.h"
#include "common/kv/window_cache.h"

namespace kvwire {
namespace {

constexpr int64_t kMaxRows = int64_t{1} << 32;

enum class Format { kFloat32, kFloat16 };

struct Options {
  WindowSize size;
  Format format = Format::kFloat32;

  static absl::StatusOr<Options> FromSpec(const AlgorithmSpec& spec) {
    Options options;
    KVWIRE_ASSIGN_OR_RETURN(options.size.sinks, spec.IntOption("sinks", 4, 0, kMaxRows));
    KVWIRE_ASSIGN_OR_RETURN(options.size.recent, spec.IntOption("recent", 128, 0, kMaxRows));
    KVWIRE_ASSIGN_OR_RETURN(const int format,
                            spec.ChoiceOption("format", {{"float32", "float16"}}));
    options.format = static_cast<Format>(format);
    if (options.size.sinks + options.size.recent > 0) return options;
    return absl::InvalidArgumentError("wrapper window: sinks=0 and recent=0 keep nothing");
  }
};

// Why the window does not go around an algorithm, if it does not.
absl::Status CheckInner(const KvAlgorithm& inner) {
  const std::string name(inner.name);
  if (inner.kind == AlgorithmKind::kEvictor) {
    return absl::InvalidArgumentError(
        absl::StrCat("wrapper window: algorithm ", name,
                     " evicts tokens by a policy of its own, which would see them late and "
                     "without their queries"));
  }
  if (inner.keys_by_place) {
    return absl::InvalidArgumentError(
        absl::StrCat("wrapper window: algorithm ", name,
                     " knows keys by their place in the stream, which a window shifts"));
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return Options::FromSpec(spec).status();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup,
                                                const AlgorithmSpec& spec,
                                                std::unique_ptr<KvCache> inner) {
  KVWIRE_ASSIGN_OR_RETURN(const Options options, Options::FromSpec(spec));
  KVWIRE_ASSIGN_OR_RETURN(const KvAlgorithm* algorithm, FindAlgorithm(setup.spec.name()));
  KVWIRE_RETURN_IF_ERROR(CheckInner(*algorithm));
  const auto create = options.format == Format::kFloat32 ? WindowCache<float>::Create
                                                         : WindowCache<Eigen::half>::Create;
  return create(setup, options.size, std::move(inner));
}

constexpr AlgorithmOption kOptions[] = {
    {"sinks", "4", "tokens kept from the beginning of the stream"},
    {"recent", "128", "most recent tokens kept"},
    {"format", "float32", "of the kept tokens: float32 or float16"},
};

}  // namespace

KvWrapper DescribeWindow() {
  return {.name = "window",
          .code = 1,
          .summary = "the first and the most recent tokens exact, the others inside",
          .reference = "attention sinks: Xiao et al. 2023, arXiv 2309.17453",
          .options = kOptions,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
