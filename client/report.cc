#include "client/report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/connection_rows.h"
#include "client/version.h"
#include "client/waterfall/waterfall_json.h"
#include "client/waterfall/waterfall_text.h"
#include "common/reduction/bounds.h"

namespace kvwire {
namespace {

using Json = nlohmann::ordered_json;

Json ParametersJson(const RunResult& result) {
  const PublicParameters& parameters = result.parameters;
  const ProblemShape& shape = parameters.shape;
  return {{"problem", ProblemName(shape.problem())},
          {"n", shape.n()},
          {"scales", shape.scales().sides()},
          {"tokens", shape.tokens()},
          {"queries", shape.queries()},
          {"replays", shape.replays()},
          {"d", parameters.dims},
          {"frame", KeyFrameName(parameters.frame)},
          {"seed", parameters.seed},
          {"sharpness", parameters.sharpness},
          {"encoding", EncodingName(parameters.decoding.encoding)},
          {"eta", parameters.decoding.eta},
          {"eta_mode", EtaModeName(parameters.decoding.eta_mode)},
          {"algorithm", parameters.algorithm},
          {"mask", result.masked ? "private" : "none"}};
}

Json EndJson(const v1::ChannelLedger& ledger, const std::optional<int64_t>& ip_bytes) {
  return {{"snapshot_bytes", ledger.snapshot_bytes()},
          {"messages", ledger.message_count()},
          {"message_bytes", ledger.message_bytes()},
          {"grpc_bytes", GrpcBytes(ledger)},
          {"tcp_payload_bytes_sent", RunResult::SentBytes(ledger)},
          {"tcp_payload_bytes_received", RunResult::ReceivedBytes(ledger)},
          {"retransmitted_bytes", RunResult::RetransmittedBytes(ledger)},
          {"ip_bytes", ip_bytes.has_value() ? Json(*ip_bytes) : Json(nullptr)}};
}

// What one end sent, headers of TCP and IP included, if it was captured.
std::optional<int64_t> IpBytes(const RunResult& result,
                               DirectionBytes ConnectionBytes::*direction) {
  if (!result.waterfall.has_value() || !result.waterfall->ok()) return std::nullopt;
  return ((**result.waterfall).*direction).IpBytes();
}

Json CountJson(const v1::TcpCount& count) {
  if (IsLost(count)) return nullptr;
  return {{"sent", count.sent_bytes()},
          {"received", count.received_bytes()},
          {"retransmitted", count.retransmitted_bytes()}};
}

std::string EndName(v1::ConnectionEnd ended) {
  switch (ended) {
    case v1::CONNECTION_END_RESET:
      return "reset";
    case v1::CONNECTION_END_KILLED:
      return "killed";
    default:
      return "clean";
  }
}

// Bytes of the snapshot that crossed more than once, unless the count died with Alice.
Json ResentJson(const RunResult& result) {
  for (const v1::TcpCount& row : result.alice.connections()) {
    if (IsLost(row)) return nullptr;
  }
  return result.alice.resent_bytes();
}

Json ConnectionsJson(const RunResult& result) {
  Json rows = Json::array();
  const int count = std::min(result.alice.connections_size(), result.bob.connections_size());
  for (int k = 0; k < count; ++k) {
    const v1::TcpCount& alice = result.alice.connections(k);
    const v1::TcpCount& bob = result.bob.connections(k);
    rows.push_back(
        {{"alice", CountJson(alice)},
         {"bob", CountJson(bob)},
         {"ended", EndName(EndOf(alice, bob))},
         {"reverse_unread_bytes", IsLost(alice) || IsLost(bob)
                                      ? Json(nullptr)
                                      : Json(bob.sent_bytes() - alice.received_bytes())},
         {"final", alice.final() && bob.final()}});
  }
  return rows;
}

Json AskedJson(const RunResult& result) {
  Json rows = Json::array();
  for (const AskedBit& asked : result.asked) {
    rows.push_back({{"position", PositionName(asked.position, result.parameters.dims)},
                    {"bit", asked.bit ? 1 : 0},
                    {"correct", asked.correct}});
  }
  return rows;
}

Json PeakMemoryJson(const RunResult& result) {
  Json json = Json::object();
  for (const auto& [process, bytes] : result.peak_memory) json[process] = bytes;
  return json;
}

std::string PeakMemoryText(const RunResult& result) {
  std::string text;
  for (const auto& [process, bytes] : result.peak_memory) {
    absl::StrAppendFormat(&text, "%s%s %.1f", text.empty() ? "" : ", ", process,
                          static_cast<double>(bytes) / (1 << 20));
  }
  return text.empty() ? "" : absl::StrCat("  peak memory, MiB: ", text, "\n");
}

std::string LeakTestName(const Verdict& verdict) {
  if (!verdict.leak_bits.has_value()) return "not applicable";
  const double worst =
      std::max({*verdict.leak_bits, *verdict.state_leak_bits, *verdict.soft_leak_bits});
  return worst < kLeakLimitBits ? "passed" : "failed";
}

Json OrNull(const std::optional<double>& value) {
  return value.has_value() ? Json(*value) : Json(nullptr);
}

// What faults cost, if there were any.
std::string InterruptionText(const RunResult& result) {
  if (!BrokeOff(result.alice, result.bob)) return "";
  int64_t wire_bytes = 0;
  int broken = 0;
  int lost = 0;
  for (int k = 0; k < result.alice.connections_size(); ++k) {
    const v1::TcpCount& alice = result.alice.connections(k);
    if (EndOf(alice, result.bob.connections(k)) == v1::CONNECTION_END_CLEAN) continue;
    ++broken;
    wire_bytes += alice.sent_bytes();
    if (IsLost(alice)) ++lost;
  }
  std::string text = absl::StrFormat(
      "  %-22s %14d  bytes, over %d connections that broke%s\n", "of them interrupted",
      wire_bytes, broken,
      lost > 0 ? absl::StrCat("; at least: of ", lost, " Alice's count died with her") : "");
  const Json resent = ResentJson(result);
  if (!resent.is_null()) {
    absl::StrAppendFormat(&text, "  %-22s %14d  bytes of the snapshot\n", "sent again",
                          resent.get<int64_t>());
  }
  return text;
}

double Ratio(int64_t numerator, int64_t denominator) {
  return denominator == 0 ? 0
                          : static_cast<double>(numerator) / static_cast<double>(denominator);
}

}  // namespace

std::string PositionName(int64_t position, int64_t dims) {
  return absl::StrCat(position / dims, ".", position % dims);
}

std::string ResultJson(const RunResult& result, const Verdict& verdict) {
  const int64_t payload_bits = result.parameters.payload_bits();
  Json json = {{"run_id", absl::StrFormat("%016x", result.run_id)},
               {"version", kVersion},
               {"parameters", ParametersJson(result)},
               {"payload_bits", payload_bits},
               {"asked_bits", result.asked_bits},
               {"asked_errors", result.asked_errors},
               {"queries", result.query_count},
               {"changed_bits", result.changed_bits}};
  if (!result.asked_all) json["asked"] = AskedJson(result);
  json.update({{"bit_errors", result.bit_errors},
               {"bit_error_rate", Ratio(result.bit_errors, payload_bits)},
               {"floor_bits", result.floor_bits()},
               {"soft_floor_bits", result.soft_floor_bits},
               {"leak_bits", OrNull(verdict.leak_bits)},
               {"state_leak_bits", OrNull(verdict.state_leak_bits)},
               {"soft_leak_bits", OrNull(verdict.soft_leak_bits)},
               {"leak_test", LeakTestName(verdict)},
               {"state_bits", result.state_bits},
               {"snapshot_bytes", result.alice.snapshot_bytes()},
               {"snapshot_sha256", absl::BytesToHexString(result.alice_sha256)},
               {"efficiency", Ratio(result.floor_bits(), 8 * result.wire_bytes())},
               {"alice", EndJson(result.alice, IpBytes(result, &ConnectionBytes::to_bob))},
               {"bob", EndJson(result.bob, IpBytes(result, &ConnectionBytes::to_alice))},
               {"connections", ConnectionsJson(result)},
               {"resent_bytes", ResentJson(result)},
               {"seconds",
                {{"ingest", result.ingest_seconds},
                 {"snapshot", result.snapshot_seconds},
                 {"transfer", result.transfer_seconds},
                 {"restore", result.restore_seconds},
                 {"attend", result.attend_seconds},
                 {"total", result.total_seconds}}}});
  json["peak_memory_bytes"] = PeakMemoryJson(result);
  if (result.waterfall.has_value()) json["waterfall"] = RunWaterfallJson(result);
  json["verdict"] = {{"ok", verdict.ok()}, {"reasons", verdict.reasons}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string ResultText(const RunResult& result, const Verdict& verdict) {
  const PublicParameters& parameters = result.parameters;
  std::string text =
      absl::StrFormat("run %016x: %s, %s, L = %d tokens, d = %d, %s keys, C = %g\n",
                      result.run_id, std::string(ProblemName(parameters.shape.problem())),
                      parameters.algorithm, parameters.shape.tokens(), parameters.dims,
                      std::string(KeyFrameName(parameters.frame)), parameters.sharpness);
  const auto line = [&text](const std::string& what, int64_t value, const std::string& unit) {
    absl::StrAppendFormat(&text, "  %-22s %14d  %s\n", what, value, unit);
  };
  line("payload", parameters.payload_bits(), "bits (L d)");
  line("state, as claimed", result.state_bits, "bits");
  line("snapshot", result.alice.snapshot_bytes(), "bytes");
  line("messages", result.alice.message_bytes(),
       absl::StrCat("bytes in ", result.alice.message_count()));
  line("gRPC", GrpcBytes(result.alice), "bytes");
  line("wire (TCP payload)", result.wire_bytes(), "bytes, the kernel's count at both ends");
  line("back from Bob", RunResult::SentBytes(result.bob), "bytes");
  absl::StrAppend(&text, InterruptionText(result));
  line("floor", result.floor_bits(),
       absl::StrFormat("bits: %.1f %% of the wire's",
                       100 * Ratio(result.floor_bits(), 8 * result.wire_bytes())));
  line("floor with confidences", std::llround(std::ceil(result.soft_floor_bits)),
       "bits, by which bits are reliable");
  line("errors", result.bit_errors, absl::StrCat("of ", parameters.payload_bits(), " bits"));
  line("queries", result.query_count,
       absl::StrCat("asked; asked again, ", result.changed_bits, " bits changed"));
  if (!result.asked_all) {
    line("asked", result.asked_bits, absl::StrCat("bits, ", result.asked_errors, " wrong"));
    constexpr size_t kMostShown = 16;
    for (size_t k = 0; k < std::min(kMostShown, result.asked.size()); ++k) {
      const AskedBit& asked = result.asked[k];
      absl::StrAppend(&text, "    bit ", PositionName(asked.position, parameters.dims), " = ",
                      asked.bit ? 1 : 0, asked.correct ? "" : "  (wrong)", "\n");
    }
  }
  absl::StrAppend(&text, PeakMemoryText(result), RunWaterfallText(result));
  absl::StrAppend(&text, "  leak test: ", LeakTestName(verdict), "\n");
  absl::StrAppend(&text, "  verdict: ", verdict.ok() ? "ok" : "FAILED", "\n");
  for (const std::string& reason : verdict.reasons)
    absl::StrAppend(&text, "    ", reason, "\n");
  return text;
}

}  // namespace kvwire
