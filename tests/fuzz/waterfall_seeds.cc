#include <utility>

#include "tests/fuzz/records.h"
#include "tests/fuzz/seeds.h"
#include "tests/waterfall/tcp_packet_bytes.h"

namespace kvwire {
namespace {

constexpr int kAlicePort = 40001;
constexpr int kBobPort = 7003;
constexpr int kEthernet = 1;
constexpr int kRawIp = 101;

std::string Little(uint64_t value, int size) {
  std::string bytes = BigEndian(value, size);
  return {bytes.rbegin(), bytes.rend()};
}

// A capture, as pcap-savefile(5) says.
std::string Pcap(const std::vector<std::string>& packets, int link_type) {
  std::string file = "\1" + Little(0xa1b2c3d4, 4) + Little(2, 2) + Little(4, 2) +
                     Little(0, 8) + Little(65535, 4) + Little(link_type, 4);
  for (const std::string& packet : packets) {
    file += Little(0, 8) + Little(packet.size(), 4) + Little(packet.size(), 4) + packet;
  }
  return file;
}

std::string Piece(bool bob, const std::string& bytes) {
  return BytesOf({{static_cast<uint8_t>(bob ? 1 : 0), bytes}});
}

// A snapshot of nothing: the algorithm zero.
std::string Message() { return GrpcMessage(Chunk(std::string("KVWS\2\0\4\1", 8))); }

std::string Request(const std::string& data) { return ClientOpening() + Frame(0, 1, 1, data); }

std::string Answer() {
  return EmptySettings() + SettingsAck() + Frame(1, 4, 1, Literal(":status", "200")) +
         Frame(0, 0, 1, GrpcMessage("")) + Frame(1, 5, 1, Literal("grpc-status", "0"));
}

std::vector<std::string> Packets(bool v6) {
  const std::string alice = v6 ? std::string(15, '\0') + "\1" : kAliceAddress;
  const std::string bob = v6 ? std::string(15, '\0') + "\2" : kBobAddress;
  const auto ip = [v6](const std::string& from, const std::string& to,
                       const std::string& segment) {
    return v6 ? Ipv6(from, to, segment) : Ipv4(from, to, segment);
  };
  const auto from_alice = [&](uint32_t sequence, int flags, const std::string& payload = "") {
    return ip(alice, bob, Segment(kAlicePort, kBobPort, sequence, flags, payload));
  };
  const auto from_bob = [&](uint32_t sequence, int flags, const std::string& payload = "") {
    return ip(bob, alice, Segment(kBobPort, kAlicePort, sequence, flags, payload));
  };
  const std::string request = Request(Message());
  const auto end = static_cast<uint32_t>(1 + request.size());
  return {from_alice(0, kSyn),
          from_bob(9, kSyn | kAck),
          from_alice(1, kAck, request.substr(0, 60)),
          from_alice(61, kAck, request.substr(60)),
          from_bob(10, kAck, EmptySettings()),
          from_alice(end, kAck, SettingsAck()),
          from_alice(end + 9, kFin | kAck),
          from_bob(19, kFin | kAck)};
}

std::vector<Seed> Captures() {
  std::vector<std::string> ethernet;
  for (const std::string& packet : Packets(false)) {
    ethernet.push_back(std::string(12, 'e') + BigEndian(0x0800, 2) + packet);
  }
  std::vector<std::string> reordered = Packets(false);
  std::swap(reordered[2], reordered[3]);
  std::vector<std::string> hole = Packets(false);
  hole.erase(hole.begin() + 2);
  std::vector<std::string> late = Packets(false);
  late.erase(late.begin());
  const std::string good = Pcap(Packets(false), kRawIp);
  return {
      {"empty.pcap", Pcap({}, kRawIp)},
      {"ethernet.pcap", Pcap(ethernet, kEthernet)},
      {"raw_v4.pcap", good},
      {"raw_v6.pcap", Pcap(Packets(true), kRawIp)},
      {"reordered.pcap", Pcap(reordered, kRawIp)},
      {"hole.pcap", Pcap(hole, kRawIp)},
      {"late.pcap", Pcap(late, kRawIp)},
      {"truncated.pcap", good.substr(0, good.size() - 9)},
      {"link_type.pcap", Pcap(Packets(false), 147)},
      {"not_a_capture", "\1" + std::string("{}")},
  };
}

std::vector<Seed> Streams() {
  const std::string path = "/grpc.health.v1.Health/Check";
  const std::string padded =
      ClientOpening() + Frame(0, 9, 1, BigEndian(4, 1) + Message() + std::string(4, '\0'));
  const auto alice = [](const std::string& bytes) {
    return std::string(1, '\0') + Piece(false, bytes);
  };
  return {
      {"nothing_sent", std::string(1, '\0')},
      {"request", alice(Request(Message()))},
      {"request_and_answer", alice(Request(Message())) + Piece(true, Answer())},
      {"two_messages", alice(Request(Message() + Message()))},
      {"padded", alice(padded)},
      {"compressed", alice(Request("\1" + Message().substr(1)))},
      {"long_message", alice(Request(BigEndian(0, 1) + BigEndian(0xffffffff, 4)))},
      {"not_protobuf", alice(Request(GrpcMessage("\xff\xff")))},
      {"other_call", alice(ClientOpening(path) + Frame(0, 1, 1, GrpcMessage("")))},
      {"settings",
       alice(std::string(kPreface) + Frame(4, 0, 0, BigEndian(4, 2) + BigEndian(70000, 4)))},
      {"ping_and_window", alice(ClientOpening() + Frame(6, 0, 0, std::string(8, 'p')) +
                                Frame(8, 0, 0, BigEndian(1000, 4)))},
      {"unknown_frame", alice(ClientOpening() + Frame(77, 0, 0, "abc"))},
      {"reset_and_goaway", alice(ClientOpening() + Frame(3, 0, 1, BigEndian(8, 4)) +
                                 Frame(7, 0, 0, BigEndian(0, 8)))},
      {"half_a_frame", alice(ClientOpening() + Frame(0, 0, 1, "abcdef").substr(0, 11))},
      {"not_http2", alice("GET / HTTP/1.1\r\n\r\n")},
  };
}

}  // namespace

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds = Captures();
  for (Seed& seed : Streams()) seeds.push_back(std::move(seed));
  return seeds;
}

}  // namespace kvwire
