#include "client/sweep/trial.h"

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/checksum.h"

namespace kvwire {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kKeyBytes = 16;

// Calls visit(name, member) for each member of a trial, in the order of its text.
template <typename AnyTrial, typename Visit>
void VisitMembers(AnyTrial& trial, Visit visit) {
  visit("problem", trial.problem);
  visit("n", trial.n);
  visit("scales", trial.scales);
  visit("d", trial.dims);
  visit("frame", trial.frame);
  visit("sharpness", trial.sharpness);
  visit("encoding", trial.encoding);
  visit("eta", trial.eta);
  visit("eta_mode", trial.eta_mode);
  visit("mask", trial.mask);
  visit("ask", trial.ask);
  visit("memory_limit_bytes", trial.memory_limit_bytes);
  visit("algorithm", trial.algorithm);
  visit("seed", trial.seed);
  visit("secret_seed", trial.secret_seed);
}

bool Take(const Json& value, std::string& member) {
  if (value.is_string()) member = value.get<std::string>();
  return value.is_string();
}

bool Take(const Json& value, int64_t& member) {
  if (value.is_number_integer()) member = value.get<int64_t>();
  return value.is_number_integer();
}

bool Take(const Json& value, double& member) {
  if (value.is_number()) member = value.get<double>();
  return value.is_number();
}

}  // namespace

Json TrialJson(const Trial& trial) {
  Json json = Json::object();
  VisitMembers(trial, [&json](const char* name, const auto& member) { json[name] = member; });
  return json;
}

std::string TrialText(const Trial& trial) {
  return TrialJson(trial).dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

absl::StatusOr<Trial> ParseTrial(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  Trial trial;
  bool complete = json.is_object();
  VisitMembers(trial, [&](const char* name, auto& member) {
    complete = complete && json.contains(name) && Take(json[name], member);
  });
  // A second spelling would be a second key.
  if (!complete || TrialText(trial) != text) {
    return absl::InvalidArgumentError(
        "this is no trial as kvwire sweep plan writes it: change the spec and plan again");
  }
  return trial;
}

std::string TrialKey(std::string_view text) {
  return absl::BytesToHexString(Sha256Of(text).substr(0, kKeyBytes));
}

}  // namespace kvwire
