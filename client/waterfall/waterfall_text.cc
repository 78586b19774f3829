#include "client/waterfall/waterfall_text.h"

#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/waterfall/waterfall_verdict.h"

namespace kvwire {
namespace {

// By the name of a category.
constexpr std::pair<std::string_view, std::string_view> kTitles[] = {
    {"snapshot_body", "snapshot body"},
    {"snapshot_container", "snapshot headers, checksums"},
    {"other_data", "data that is no snapshot"},
    {"protobuf", "protobuf tags, lengths, fields"},
    {"grpc_prefixes", "gRPC prefixes"},
    {"data_padding", "padding of DATA"},
    {"frame_headers", "HTTP/2 frame headers"},
    {"headers", "HEADERS (HPACK)"},
    {"settings", "SETTINGS"},
    {"window_update", "WINDOW_UPDATE"},
    {"ping", "PING"},
    {"rst_stream", "RST_STREAM"},
    {"goaway", "GOAWAY"},
    {"other_frames", "other frames"},
    {"preface", "preface"},
    {"tls_record_headers", "TLS record headers"},
    {"tls_handshake", "TLS handshake"},
    {"tls_alerts", "TLS alerts"},
    {"tls_protection", "TLS tags, types, padding"}};

std::string TitleOf(std::string_view name) {
  for (const auto& [known, title] : kTitles) {
    if (known == name) return std::string(title);
  }
  return std::string(name);
}

std::string Line(const std::string& title, int64_t to_bob, int64_t to_alice) {
  return absl::StrFormat("    %-31s %14d %14d\n", title, to_bob, to_alice);
}

// How many frames of each type there were.
std::string FramesText(const StreamBytes& to_bob, const StreamBytes& to_alice) {
  std::map<int, std::array<int64_t, 2>> counts;
  for (const auto& [type, count] : to_bob.frames) counts[type][0] = count.frames;
  for (const auto& [type, count] : to_alice.frames) counts[type][1] = count.frames;
  std::string text;
  for (const auto& [type, both] : counts) {
    text += Line(absl::StrCat("frames of ", FrameName(type)), both[0], both[1]);
  }
  return text;
}

std::string PacketsText(const PacketCounts& to_bob, const PacketCounts& to_alice) {
  return Line("TCP headers", to_bob.tcp_header_bytes, to_alice.tcp_header_bytes) +
         Line("IP headers", to_bob.ip_header_bytes, to_alice.ip_header_bytes) +
         Line("retransmitted payload", to_bob.retransmitted_bytes,
              to_alice.retransmitted_bytes);
}

std::string HeaderText(const std::string& title) {
  return absl::StrFormat("  %-33s %14s %14s\n", title, "Alice to Bob", "Bob to Alice");
}

std::string StreamText(const ConnectionBytes& bytes) {
  const auto to_bob = bytes.to_bob.stream.Categories();
  const auto to_alice = bytes.to_alice.stream.Categories();
  std::string text;
  for (size_t k = 0; k < to_bob.size(); ++k) {
    if (to_bob[k].bytes == 0 && to_alice[k].bytes == 0) continue;
    text += Line(TitleOf(to_bob[k].name), to_bob[k].bytes, to_alice[k].bytes);
  }
  return text +
         Line("sum: TCP payload", bytes.to_bob.stream.Total(), bytes.to_alice.stream.Total());
}

std::string BelowText(const ConnectionBytes& bytes) {
  const PacketCounts& to_bob = bytes.to_bob.packets;
  const PacketCounts& to_alice = bytes.to_alice.packets;
  return PacketsText(to_bob, to_alice) +
         Line("sum: IP", bytes.to_bob.IpBytes(), bytes.to_alice.IpBytes()) +
         Line("packets", to_bob.packets, to_alice.packets) +
         Line("of them bare acknowledgements", to_bob.acks, to_alice.acks) +
         FramesText(bytes.to_bob.stream, bytes.to_alice.stream);
}

}  // namespace

std::string RunWaterfallText(const RunResult& result) {
  if (!result.waterfall.has_value() || !result.waterfall->ok()) return "";
  const ConnectionBytes& bytes = **result.waterfall;
  const std::vector<WaterfallDirection> both = DirectionsOf(result);
  return HeaderText("waterfall, bytes") + StreamText(bytes) +
         Line("the kernel's count", both[0].kernel_bytes, both[1].kernel_bytes) +
         Line("residual", both[0].residual(), both[1].residual()) + BelowText(bytes);
}

std::string CaptureText(const std::vector<CapturedConnection>& connections) {
  std::string text;
  for (const CapturedConnection& connection : connections) {
    absl::StrAppend(&text, connection.client, " to ", connection.server);
    if (!connection.bytes.ok()) {
      absl::StrAppend(&text, ": ", connection.bytes.status().message(), "\n");
      continue;
    }
    if (connection.bytes->run_id != 0) {
      absl::StrAppendFormat(&text, ", run %016x", connection.bytes->run_id);
    }
    absl::StrAppend(&text, "\n", HeaderText("bytes"), StreamText(*connection.bytes),
                    BelowText(*connection.bytes));
  }
  return text;
}

}  // namespace kvwire
