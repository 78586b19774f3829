#include "common/waterfall/byte_counts.h"

#include <nghttp2/nghttp2.h>

#include "absl/strings/str_cat.h"

namespace kvwire {
namespace {

constexpr int64_t kFrameHeaderBytes = 9;

constexpr std::string_view kFrameNames[] = {
    "DATA",         "HEADERS", "PRIORITY", "RST_STREAM",    "SETTINGS",
    "PUSH_PROMISE", "PING",    "GOAWAY",   "WINDOW_UPDATE", "CONTINUATION"};

// The category of a frame's payload; that of DATA has several, none of them here.
std::string_view CategoryOf(int type) {
  switch (type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_CONTINUATION:
      return "headers";
    case NGHTTP2_SETTINGS:
      return "settings";
    case NGHTTP2_WINDOW_UPDATE:
      return "window_update";
    case NGHTTP2_PING:
      return "ping";
    case NGHTTP2_RST_STREAM:
      return "rst_stream";
    case NGHTTP2_GOAWAY:
      return "goaway";
    default:
      return "other_frames";
  }
}

}  // namespace

std::vector<ByteCategory> StreamBytes::Categories() const {
  std::vector<ByteCategory> categories = {
      {"snapshot_body", snapshot_body}, {"snapshot_container", snapshot_container},
      {"other_data", other_data},       {"protobuf", protobuf},
      {"grpc_prefixes", grpc_prefixes}, {"data_padding", data_padding}};
  int64_t frame_count = 0;
  std::map<std::string_view, int64_t> payloads;
  for (const auto& [type, count] : frames) {
    frame_count += count.frames;
    if (type != NGHTTP2_DATA) payloads[CategoryOf(type)] += count.payload_bytes;
  }
  categories.push_back({"frame_headers", kFrameHeaderBytes * frame_count});
  for (const std::string_view name : {"headers", "settings", "window_update", "ping",
                                      "rst_stream", "goaway", "other_frames"}) {
    categories.push_back({name, payloads[name]});
  }
  categories.push_back({"preface", preface});
  categories.push_back({"tls_record_headers", tls.record_headers});
  categories.push_back({"tls_handshake", tls.handshake});
  categories.push_back({"tls_alerts", tls.alerts});
  categories.push_back({"tls_protection", tls.protection});
  return categories;
}

int64_t StreamBytes::Total() const {
  int64_t total = 0;
  for (const ByteCategory& category : Categories()) total += category.bytes;
  return total;
}

int64_t DirectionBytes::IpBytes() const {
  return packets.ip_header_bytes + packets.tcp_header_bytes + packets.retransmitted_bytes +
         stream.Total();
}

std::string FrameName(int type) {
  if (type >= 0 && type < static_cast<int>(std::size(kFrameNames))) {
    return std::string(kFrameNames[type]);
  }
  return absl::StrCat("type ", type);
}

}  // namespace kvwire
