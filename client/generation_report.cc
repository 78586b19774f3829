#include "client/generation_report.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/version.h"

namespace kvwire {
namespace {

using Json = nlohmann::ordered_json;

Json ParametersJson(const Generation& generation) {
  const VarOptions& options = generation.options;
  return {{"scales", options.sides},
          {"d", generation.dims},
          {"interpolation", UpInterpolationName(options.interpolation)},
          {"score_scale", *options.scale},
          {"position_amplitude", options.position_amplitude},
          {"seed", options.seed},
          {"weights_sha256", absl::BytesToHexString(generation.weights_sha256)}};
}

Json RowJson(const GenerationRow& row) {
  const GenerationResult& result = row.result;
  return {{"run_id", absl::StrFormat("%016x", result.run_id)},
          {"algorithm", row.name},
          {"alice_tokens", result.generation.AliceTokens()},
          {"bob_tokens", result.generation.BobTokens()},
          {"state_bits", result.state_bits},
          {"snapshot_bytes", result.snapshot_bytes()},
          {"token_map_bytes", result.token_map_bytes},
          {"message_sha256", absl::BytesToHexString(result.alice_sha256)},
          {"message_bytes", result.alice.message_bytes()},
          {"tcp_payload_bytes_sent", result.wire_bytes()},
          {"identical", row.identical},
          {"relative_error",
           {{"mean", row.errors.mean},
            {"median", row.errors.median},
            {"quantile_99", row.errors.quantile_99},
            {"largest", row.errors.largest}}},
          {"seconds",
           {{"alice", result.alice_seconds},
            {"transfer", result.transfer_seconds},
            {"bob", result.bob_seconds}}},
          {"verdict", {{"ok", row.reasons.empty()}, {"reasons", row.reasons}}}};
}

}  // namespace

std::string GenerationHead(const Generation& generation) {
  return absl::StrFormat(
      "VAR transformer, scales %s, d = %d: Alice generates all but the last, Bob that one.\n"
      "From a tokenlog, which is the initial token and an empty cache, Bob generates them "
      "all.\n"
      "Tokens: Alice's + Bob's. Map: bytes of the one that she hands over with the cache.\n"
      "Errors: of a token of the last map, relative to the same generated in one piece.\n\n"
      "  %-20s %9s %10s %6s %9s %10s %8s %8s  %-9s %s\n",
      absl::StrJoin(generation.options.sides, ","), generation.dims, "cache", "tokens",
      "state bits", "map", "snapshot", "wire bytes", "median", "largest", "last map",
      "verdict");
}

std::string GenerationText(const GenerationRow& row) {
  const GenerationResult& result = row.result;
  std::string text = absl::StrFormat(
      "  %-20s %9s %10d %6d %9d %10d %8.3g %8.3g  %-9s %s\n", row.name,
      absl::StrCat(result.generation.AliceTokens(), "+", result.generation.BobTokens()),
      result.state_bits, result.token_map_bytes, result.snapshot_bytes(), result.wire_bytes(),
      row.errors.median, row.errors.largest, row.identical ? "identical" : "differs",
      row.reasons.empty() ? "ok" : "FAILED");
  for (const std::string& reason : row.reasons) absl::StrAppend(&text, "    ", reason, "\n");
  return text;
}

std::string GenerationJson(const Generation& generation,
                           const std::vector<GenerationRow>& rows) {
  Json runs = Json::array();
  for (const GenerationRow& row : rows) runs.push_back(RowJson(row));
  const Json json = {{"version", kVersion},
                     {"parameters", ParametersJson(generation)},
                     {"runs", std::move(runs)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace kvwire
