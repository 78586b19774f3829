#include "common/kv/registry.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/kv/absent_algorithms.h"
#include "common/kv/algorithm_table.h"
#include "common/kv/score_scale.h"

namespace kvwire {
namespace {

constexpr AlgorithmOption kCommonOptions[] = {
    {kScaleOption, "1", "factor of every score: a number, or rsqrt for 1/sqrt(d)"},
};

constexpr auto kAppendView = [](std::string* out, std::string_view text) {
  out->append(text);
};

template <typename Row>
absl::StatusOr<const Row*> FindRow(absl::Span<const Row> table, std::string_view what,
                                   std::string_view name) {
  std::vector<std::string_view> names;
  for (const Row& row : table) {
    if (row.name == name) return &row;
    names.push_back(row.name);
  }
  return absl::NotFoundError(absl::StrCat("there is no ", std::string(what), " '",
                                          std::string(name), "'; there are ",
                                          absl::StrJoin(names, ", ", kAppendView)));
}

// Checks that `spec` has no options but those of `known`.
absl::Status CheckKeys(std::string_view what, const AlgorithmSpec& spec,
                       absl::Span<const AlgorithmOption> known) {
  for (const auto& [key, value] : spec.options()) {
    const bool found =
        std::any_of(known.begin(), known.end(),
                    [&key = key](const AlgorithmOption& option) { return option.key == key; });
    if (found) continue;
    std::vector<std::string_view> keys;
    for (const AlgorithmOption& option : known) keys.push_back(option.key);
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(what), " ", spec.name(), " has no option ", key, "; it has ",
                     keys.empty() ? "none" : absl::StrJoin(keys, ", ", kAppendView)));
  }
  return absl::OkStatus();
}

void DropDefaults(absl::Span<const AlgorithmOption> known, AlgorithmSpec& spec) {
  for (const AlgorithmOption& option : known) {
    const auto found = spec.options().find(option.key);
    if (found != spec.options().end() && found->second == option.default_value) {
      spec.Erase(option.key);
    }
  }
}

// Checks the options of a layer and drops those that say their default. `layer` has no
// wrappers.
template <typename Row>
absl::Status ReduceLayer(std::string_view what, const Row& row,
                         absl::Span<const AlgorithmOption> known, AlgorithmSpec& layer) {
  KVWIRE_RETURN_IF_ERROR(CheckKeys(what, layer, known));
  if (row.check_options != nullptr) KVWIRE_RETURN_IF_ERROR(row.check_options(layer));
  DropDefaults(known, layer);
  return absl::OkStatus();
}

absl::StatusOr<AlgorithmSpec> Reduce(const AlgorithmSpec& spec) {
  KVWIRE_ASSIGN_OR_RETURN(const KvAlgorithm* algorithm, FindAlgorithm(spec.name()));
  std::vector<AlgorithmOption> known(algorithm->options.begin(), algorithm->options.end());
  known.insert(known.end(), std::begin(kCommonOptions), std::end(kCommonOptions));
  AlgorithmSpec reduced = spec.WithoutWrappers();
  KVWIRE_RETURN_IF_ERROR(ReduceLayer("algorithm", *algorithm, known, reduced));
  KVWIRE_RETURN_IF_ERROR(ScoreScale(reduced, 1).status());
  for (AlgorithmSpec layer : spec.wrappers()) {
    KVWIRE_ASSIGN_OR_RETURN(const KvWrapper* wrapper, FindWrapper(layer.name()));
    KVWIRE_RETURN_IF_ERROR(ReduceLayer("wrapper", *wrapper, wrapper->options, layer));
    reduced.Wrap(std::move(layer));
  }
  return reduced;
}

absl::Status CheckSetup(const KvAlgorithm& algorithm, const CacheSetup& setup) {
  if (setup.dims < 1 || setup.dims > kMaxCacheDims) {
    return absl::InvalidArgumentError(
        absl::StrCat("d = ", setup.dims, " must be from 1 to ", kMaxCacheDims));
  }
  if (setup.frame.has_value() && setup.frame->dims() != setup.dims) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the key frame has d = ", setup.frame->dims(), ", the cache d = ", setup.dims));
  }
  if (setup.memory_limit_bytes < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("the memory limit of ", setup.memory_limit_bytes, " bytes is negative"));
  }
  const bool tensor = setup.attention == AttentionKind::kTensor;
  const AttentionSupport refused =
      tensor ? AttentionSupport::kOrdinary : AttentionSupport::kTensor;
  if (algorithm.attention == refused) {
    return absl::InvalidArgumentError(absl::StrCat("algorithm ", std::string(algorithm.name),
                                                   " has no ", tensor ? "tensor" : "ordinary",
                                                   " attention"));
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view AlgorithmKindName(AlgorithmKind kind) {
  switch (kind) {
    case AlgorithmKind::kBaseline:
      return "baseline";
    case AlgorithmKind::kQuantizer:
      return "quantiser";
    case AlgorithmKind::kEvictor:
      return "evictor";
    case AlgorithmKind::kSketch:
      return "sketch";
  }
  return "unknown";
}

absl::Span<const KvAlgorithm> BuiltInAlgorithms() { return AlgorithmTable(); }
absl::Span<const KvWrapper> BuiltInWrappers() { return WrapperTable(); }
absl::Span<const AlgorithmOption> CommonOptions() { return kCommonOptions; }

absl::StatusOr<const KvAlgorithm*> FindAlgorithm(std::string_view name) {
  const AbsentAlgorithm* absent = FindAbsentAlgorithm(name);
  if (absent != nullptr) return absl::NotFoundError(WhyAbsent(*absent));
  return FindRow(AlgorithmTable(), "algorithm", name);
}

absl::StatusOr<const KvWrapper*> FindWrapper(std::string_view name) {
  return FindRow(WrapperTable(), "wrapper", name);
}

absl::StatusOr<AlgorithmSpec> ParseBuiltInSpec(std::string_view text) {
  KVWIRE_ASSIGN_OR_RETURN(const AlgorithmSpec spec, AlgorithmSpec::Parse(text));
  return Reduce(spec);
}

absl::StatusOr<std::unique_ptr<KvCache>> CreateCache(const CacheSetup& setup) {
  KVWIRE_RETURN_IF_ERROR(Reduce(setup.spec).status());
  KVWIRE_ASSIGN_OR_RETURN(const KvAlgorithm* algorithm, FindAlgorithm(setup.spec.name()));
  KVWIRE_RETURN_IF_ERROR(CheckSetup(*algorithm, setup));
  KVWIRE_ASSIGN_OR_RETURN(std::unique_ptr<KvCache> cache, algorithm->create(setup));
  for (const AlgorithmSpec& layer : setup.spec.wrappers()) {
    KVWIRE_ASSIGN_OR_RETURN(const KvWrapper* wrapper, FindWrapper(layer.name()));
    KVWIRE_ASSIGN_OR_RETURN(cache, wrapper->create(setup, layer, std::move(cache)));
  }
  return cache;
}

}  // namespace kvwire
