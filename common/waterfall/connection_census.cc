#include "common/waterfall/connection_census.h"

#include <utility>

#include "common/base/status_macros.h"

namespace kvwire {

void ConnectionCensus::Add(Sender sender, const TcpPacket& packet) {
  Direction& direction = sender == Sender::kClient ? client_ : server_;
  PacketCounts& packets = direction.packets;
  ++packets.packets;
  packets.ip_header_bytes += packet.ip_header_bytes;
  packets.tcp_header_bytes += packet.tcp_header_bytes;
  const bool bare = packet.payload.empty() && packet.whole;
  if (bare && !packet.opens && !packet.ends && !packet.resets) ++packets.acks;
  if (status_.ok()) status_ = Take(sender, packet, direction);
}

absl::Status ConnectionCensus::Take(Sender sender, const TcpPacket& packet,
                                    Direction& direction) {
  if (!packet.whole) {
    return absl::DataLossError("the capture holds only the beginnings of packets");
  }
  if (packet.opens) direction.stream.Open(packet.sequence);
  const uint32_t begin = packet.sequence + (packet.opens ? 1 : 0);
  if (packet.ends) direction.stream.End(begin + static_cast<uint32_t>(packet.payload.size()));
  // What carries nothing needs no place, and none is known before the connection opens.
  if (packet.payload.empty()) return absl::OkStatus();
  return direction.stream.Add(
      begin, packet.payload, [&](std::string_view bytes) { return TakeBytes(sender, bytes); });
}

absl::Status ConnectionCensus::TakeBytes(Sender sender, std::string_view bytes) {
  if (!encrypted_.has_value() && sender == Sender::kClient) {
    encrypted_ = TlsTap::IsTls(bytes.front());
  }
  if (!encrypted_.value_or(false)) return census_.Append(sender, bytes);
  return tls_.Append(sender, bytes, [&](std::string_view content) {
    return census_.Append(sender, content);
  });
}

absl::StatusOr<ConnectionBytes> ConnectionCensus::Finish() {
  KVWIRE_RETURN_IF_ERROR(status_);
  KVWIRE_RETURN_IF_ERROR(client_.stream.Finish());
  KVWIRE_RETURN_IF_ERROR(server_.stream.Finish());
  KVWIRE_RETURN_IF_ERROR(tls_.Finish());
  KVWIRE_ASSIGN_OR_RETURN(ByteCensus::Found found, census_.Finish());
  found.client.tls = tls_.bytes(Sender::kClient);
  found.server.tls = tls_.bytes(Sender::kServer);
  client_.packets.retransmitted_bytes = client_.stream.repeated_bytes();
  server_.packets.retransmitted_bytes = server_.stream.repeated_bytes();
  return ConnectionBytes{.run_id = found.run_id,
                         .to_bob = {std::move(found.client), client_.packets},
                         .to_alice = {std::move(found.server), server_.packets}};
}

}  // namespace kvwire
