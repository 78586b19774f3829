#include "client/waterfall/waterfall_json.h"

#include <string>

#include "absl/strings/str_format.h"
#include "client/waterfall/waterfall_verdict.h"

namespace kvwire {
namespace {

using Json = nlohmann::ordered_json;

Json DirectionJson(const DirectionBytes& direction) {
  Json categories = Json::object();
  for (const ByteCategory& category : direction.stream.Categories()) {
    categories[std::string(category.name)] = category.bytes;
  }
  Json frames = Json::object();
  for (const auto& [type, count] : direction.stream.frames) {
    frames[FrameName(type)] = {{"frames", count.frames},
                               {"payload_bytes", count.payload_bytes}};
  }
  const PacketCounts& packets = direction.packets;
  return {{"bytes", std::move(categories)},
          {"total", direction.stream.Total()},
          {"messages", direction.stream.messages},
          {"frames", std::move(frames)},
          {"packets",
           {{"packets", packets.packets},
            {"acks", packets.acks},
            {"ip_header_bytes", packets.ip_header_bytes},
            {"tcp_header_bytes", packets.tcp_header_bytes},
            {"retransmitted_bytes", packets.retransmitted_bytes},
            {"ip_bytes", direction.IpBytes()}}}};
}

}  // namespace

Json RunWaterfallJson(const RunResult& result) {
  if (!result.waterfall.has_value() || !result.waterfall->ok()) return nullptr;
  Json json = Json::object();
  for (const WaterfallDirection& direction : DirectionsOf(result)) {
    Json& entry = json[direction.name] = DirectionJson(direction.bytes);
    entry["kernel"] = direction.kernel_bytes;
    entry["residual"] = direction.residual();
  }
  return json;
}

Json CaptureJson(const std::vector<CapturedConnection>& connections) {
  Json rows = Json::array();
  for (const CapturedConnection& connection : connections) {
    Json row = {{"client", connection.client}, {"server", connection.server}};
    if (connection.bytes.ok()) {
      row["run_id"] = absl::StrFormat("%016x", connection.bytes->run_id);
      row["alice_to_bob"] = DirectionJson(connection.bytes->to_bob);
      row["bob_to_alice"] = DirectionJson(connection.bytes->to_alice);
    } else {
      row["error"] = std::string(connection.bytes.status().message());
    }
    rows.push_back(std::move(row));
  }
  return {{"connections", std::move(rows)}};
}

}  // namespace kvwire
