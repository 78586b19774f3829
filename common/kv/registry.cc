#include "common/kv/registry.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/algorithms.h"

namespace kvwire {
namespace {

constexpr AlgorithmOption kStreamingOptions[] = {
    {"evict", "close", "close: budget enforced when the scale closes; before: at each block"},
    {"sinks", "4", "tokens kept from the beginning of the stream"},
    {"window", "64", "most recent tokens kept"},
};

constexpr KvAlgorithm kAlgorithms[] = {
    {"bitplane",
     3,
     "values at 1 bit, keys regenerated from the public frame",
     "baseline: meets the floor of L d bits",
     {},
     CreateBitplane,
     nullptr},
    {"exact", 1, "every key and value at 32 bits", "baseline", {}, CreateExact, nullptr},
    {"float16", 2, "every key and value at 16 bits", "baseline", {}, CreateFloat16, nullptr},
    {"streaming", 4, "StreamingLLM: the first tokens and a window of the last ones",
     "Xiao, Tian, Chen, Han, Lewis 2023, arXiv 2309.17453", kStreamingOptions, CreateStreaming,
     CheckStreamingOptions},
};

static_assert(std::is_sorted(std::begin(kAlgorithms), std::end(kAlgorithms),
                             [](const KvAlgorithm& a, const KvAlgorithm& b) {
                               return a.name < b.name;
                             }),
              "the table is in order of name");

// Checks the options of `spec` and drops those that say their default.
absl::StatusOr<AlgorithmSpec> Reduce(const KvAlgorithm& algorithm, AlgorithmSpec spec) {
  const auto known = algorithm.options;
  for (const auto& [key, value] : spec.options()) {
    if (std::any_of(known.begin(), known.end(), [&key = key](const AlgorithmOption& option) {
          return option.key == key;
        })) {
      continue;
    }
    const std::string keys = absl::StrJoin(
        known, ", ",
        [](std::string* out, const AlgorithmOption& option) { out->append(option.key); });
    return absl::InvalidArgumentError(absl::StrCat("algorithm ", std::string(algorithm.name),
                                                   " has no option ", key, "; it has ",
                                                   keys.empty() ? "none" : keys));
  }
  if (algorithm.check_options != nullptr) {
    KVWIRE_RETURN_IF_ERROR(algorithm.check_options(spec));
  }
  for (const AlgorithmOption& option : known) {
    const auto found = spec.options().find(option.key);
    if (found != spec.options().end() && found->second == option.default_value) {
      spec.Erase(option.key);
    }
  }
  return spec;
}

absl::Status CheckSetup(const CacheSetup& setup) {
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
  return absl::OkStatus();
}

}  // namespace

absl::Span<const KvAlgorithm> BuiltInAlgorithms() { return kAlgorithms; }

absl::StatusOr<const KvAlgorithm*> FindAlgorithm(std::string_view name) {
  for (const KvAlgorithm& algorithm : kAlgorithms) {
    if (algorithm.name == name) return &algorithm;
  }
  const std::string names = absl::StrJoin(
      kAlgorithms, ", ",
      [](std::string* out, const KvAlgorithm& algorithm) { out->append(algorithm.name); });
  return absl::NotFoundError(
      absl::StrCat("there is no algorithm '", std::string(name), "'; there are ", names));
}

absl::StatusOr<AlgorithmSpec> ParseBuiltInSpec(std::string_view text) {
  KVWIRE_ASSIGN_OR_RETURN(AlgorithmSpec spec, AlgorithmSpec::Parse(text));
  KVWIRE_ASSIGN_OR_RETURN(const KvAlgorithm* algorithm, FindAlgorithm(spec.name()));
  return Reduce(*algorithm, std::move(spec));
}

absl::StatusOr<std::unique_ptr<KvCache>> CreateCache(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const KvAlgorithm* algorithm, FindAlgorithm(setup.spec.name()));
  KVWIRE_RETURN_IF_ERROR(Reduce(*algorithm, setup.spec).status());
  KVWIRE_RETURN_IF_ERROR(CheckSetup(setup));
  return algorithm->create(setup);
}

}  // namespace kvwire
