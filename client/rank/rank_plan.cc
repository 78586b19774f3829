#include "client/rank/rank_plan.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/rank/default_specs.h"
#include "client/spec_template.h"
#include "common/base/status_macros.h"
#include "common/kv/absent_algorithms.h"
#include "common/kv/registry.h"
#include "common/kv/score_scale.h"

namespace kvwire {
namespace {

absl::StatusOr<std::string> NameOf(const std::string& spec, int64_t tokens) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string expanded, ExpandSpec(spec, tokens));
  KVWIRE_ASSIGN_OR_RETURN(const AlgorithmSpec parsed, AlgorithmSpec::Parse(expanded));
  if (parsed.options().contains(kScaleOption)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--algorithm ", spec,
                     ": say --scale instead, so that the exact answer has the same factor"));
  }
  return parsed.name();
}

// Of a name that the built-in server does not have, what it says.
std::string UnknownName(const Competitor& competitor, const RankPlan& plan) {
  const absl::Status status = AlgorithmOf(competitor, plan.size.tokens, plan.scale).status();
  return absl::IsNotFound(status) ? std::string(status.message()) : "";
}

// Adds specs that are compared whether somebody named them or not, at the built-in server.
void AddUnnamed(absl::Span<const std::string> specs, size_t server, const RankPlan& plan,
                std::vector<Competitor>& out) {
  const auto& named = plan.algorithms;
  for (const std::string& spec : specs) {
    if (std::find(named.begin(), named.end(), spec) != named.end()) continue;
    Competitor competitor{.server = server, .spec = spec};
    competitor.refusal = UnknownName(competitor, plan);
    out.push_back(std::move(competitor));
  }
}

// Adds a named spec at each server that has its algorithm.
absl::Status AddNamed(const std::string& spec, const RankPlan& plan,
                      absl::Span<const ServerOffer> servers, std::vector<Competitor>& out) {
  const absl::StatusOr<std::string> name = NameOf(spec, plan.size.tokens);
  if (!name.ok()) return absl::InvalidArgumentError(name.status().message());
  std::vector<std::string> known;
  const size_t before = out.size();
  for (size_t k = 0; k < servers.size(); ++k) {
    const ServerOffer& server = servers[k];
    known.insert(known.end(), server.algorithms.begin(), server.algorithms.end());
    if (!server.Has(*name)) continue;
    out.push_back({.server = k, .built_in = server.built_in, .spec = spec});
    const absl::Status status = AlgorithmOf(out.back(), plan.size.tokens, plan.scale).status();
    if (!status.ok()) return absl::InvalidArgumentError(status.message());
  }
  if (out.size() > before) return absl::OkStatus();
  const AbsentAlgorithm* absent = FindAbsentAlgorithm(*name);
  if (absent != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("--algorithm ", WhyAbsent(*absent)));
  }
  return absl::InvalidArgumentError(absl::StrCat("--algorithm ", spec,
                                                 ": there is no algorithm '", *name,
                                                 "'; there are ", absl::StrJoin(known, ", ")));
}

}  // namespace

std::vector<std::string> DefaultWorkloads(const std::string& dump) {
  std::vector<std::string> names = {std::string(kRandomWorkload), std::string(kVarWorkload)};
  for (const GaussianWorkload& workload : GaussianWorkloads())
    names.emplace_back(workload.name);
  std::sort(names.begin(), names.end());
  if (!dump.empty()) names.emplace_back(kDumpWorkload);
  return names;
}

absl::Status CheckWorkloads(const RankPlan& plan) {
  const std::vector<std::string> known = DefaultWorkloads("dump");
  for (const std::string& name : plan.workloads) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--workload ", name, ": there are ", absl::StrJoin(known, ", ")));
    }
    if (name == kDumpWorkload && plan.dump.empty()) {
      return absl::InvalidArgumentError("--workload dump needs --dump FILE.safetensors");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Competitor>> FindCompetitors(
    const RankPlan& plan, absl::Span<const ServerOffer> servers) {
  std::vector<Competitor> out;
  for (size_t k = 0; k < servers.size(); ++k) {
    if (!servers[k].built_in) continue;
    AddUnnamed(plan.algorithms.empty() ? DefaultComparison() : BaselineSpecs(), k, plan, out);
  }
  for (const std::string& spec : plan.algorithms) {
    KVWIRE_RETURN_IF_ERROR(AddNamed(spec, plan, servers, out));
  }
  for (size_t k = 0; k < servers.size(); ++k) {
    const auto is_its = [k](const Competitor& competitor) { return competitor.server == k; };
    if (std::any_of(out.begin(), out.end(), is_its)) continue;
    for (const std::string& algorithm : servers[k].algorithms) {
      out.push_back({.server = k, .built_in = false, .spec = algorithm});
    }
  }
  return out;
}

absl::StatusOr<std::string> AlgorithmOf(const Competitor& competitor, int64_t tokens,
                                        const std::string& scale) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string expanded, ExpandSpec(competitor.spec, tokens));
  KVWIRE_ASSIGN_OR_RETURN(AlgorithmSpec spec, AlgorithmSpec::Parse(expanded));
  if (scale != "1") spec.Set(kScaleOption, scale);
  if (!competitor.built_in) return spec.ToString();
  KVWIRE_ASSIGN_OR_RETURN(spec, ParseBuiltInSpec(spec.ToString()));
  return spec.ToString();
}

absl::StatusOr<double> ScaleFactor(const std::string& scale, int64_t dims) {
  AlgorithmSpec spec;
  spec.Set(kScaleOption, scale);
  return ScoreScale(spec, dims);
}

}  // namespace kvwire
