#include "common/waterfall/capture_census.h"

#include <pcap/pcap.h>

#include <cstdio>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/waterfall/tcp_packet_bytes.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kBobPort = 7003;
constexpr int kAlicePort = 40001;
constexpr uint32_t kAliceFirst = 0xffffff00;
constexpr uint32_t kBobFirst = 1000;

// A file of these packets, read from its beginning.
FILE* CaptureOf(const std::vector<std::string>& packets, int link_type = DLT_EN10MB) {
  pcap_t* const dead = pcap_open_dead(link_type, 262144);
  char* text = nullptr;
  size_t size = 0;
  pcap_dumper_t* const dumper = pcap_dump_fopen(dead, open_memstream(&text, &size));
  for (const std::string& packet : packets) {
    const auto length = static_cast<bpf_u_int32>(packet.size());
    const pcap_pkthdr header = {.ts = {}, .caplen = length, .len = length};
    pcap_dump(reinterpret_cast<u_char*>(dumper), &header,
              reinterpret_cast<const u_char*>(packet.data()));
  }
  pcap_dump_close(dumper);
  pcap_close(dead);
  FILE* const file = std::tmpfile();
  std::fwrite(text, 1, size, file);
  std::free(text);
  std::rewind(file);
  return file;
}

std::string FromAlice(uint32_t sequence, int flags, const std::string& payload = "") {
  return Ethernet(Ipv4(kAliceAddress, kBobAddress,
                       Segment(kAlicePort, kBobPort, sequence, flags, payload)));
}

std::string FromBob(uint32_t sequence, int flags, const std::string& payload = "") {
  return Ethernet(Ipv4(kBobAddress, kAliceAddress,
                       Segment(kBobPort, kAlicePort, sequence, flags, payload)));
}

std::string Request() { return ClientOpening() + Frame(0, 1, 1, GrpcMessage(Chunk("data"))); }

// A connection on which Alice sends one chunk; the packets at 2 and 3 are its halves.
std::vector<std::string> Conversation() {
  const std::string request = Request();
  const auto end = kAliceFirst + 1 + static_cast<uint32_t>(request.size());
  return {FromAlice(kAliceFirst, kSyn),
          FromBob(kBobFirst, kSyn | kAck),
          FromAlice(kAliceFirst + 1, kAck, request.substr(0, 100)),
          FromAlice(kAliceFirst + 101, kAck, request.substr(100)),
          FromBob(kBobFirst + 1, kAck, EmptySettings()),
          FromBob(kBobFirst + 10, kAck),
          FromAlice(end, kAck, SettingsAck()),
          FromAlice(end + 9, kFin | kAck),
          FromBob(kBobFirst + 10, kFin | kAck),
          FromAlice(end + 10, kAck)};
}

// The only connection of a capture.
absl::StatusOr<ConnectionBytes> Only(const std::vector<std::string>& packets) {
  const auto found = CensusOfCapture(CaptureOf(packets), kBobPort);
  EXPECT_TRUE(found.ok());
  EXPECT_THAT(*found, SizeIs(1));
  return found->front().bytes;
}

TEST(CaptureCensusTest, PacketsBecomeTwoStreamsAndTheirHeaders) {
  const auto found = CensusOfCapture(CaptureOf(Conversation()), kBobPort);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_THAT(*found, SizeIs(1));
  EXPECT_EQ(found->front().client, "10.0.0.1:40001");
  EXPECT_EQ(found->front().server, "10.0.0.2:7003");
  ASSERT_TRUE(found->front().bytes.ok()) << found->front().bytes.status();
  const ConnectionBytes& bytes = *found->front().bytes;
  EXPECT_EQ(bytes.run_id, kRun);
  const auto sent = static_cast<int64_t>(Request().size()) + 9;
  EXPECT_EQ(bytes.to_bob.stream.Total(), sent);
  EXPECT_EQ(bytes.to_bob.packets.packets, 6);
  EXPECT_EQ(bytes.to_bob.packets.acks, 1);
  EXPECT_EQ(bytes.to_bob.packets.ip_header_bytes, 6 * 20);
  EXPECT_EQ(bytes.to_bob.packets.tcp_header_bytes, 6 * 20);
  EXPECT_EQ(bytes.to_bob.packets.retransmitted_bytes, 0);
  EXPECT_EQ(bytes.to_bob.IpBytes(), 6 * 40 + sent);
  EXPECT_EQ(bytes.to_alice.stream.Total(), 9);
  EXPECT_EQ(bytes.to_alice.packets.packets, 4);
  EXPECT_EQ(bytes.to_alice.packets.acks, 1);
}

TEST(CaptureCensusTest, PacketsThatComeTwiceOrLateMakeNoDifferenceToTheStream) {
  std::vector<std::string> packets = Conversation();
  std::swap(packets[2], packets[3]);
  packets.insert(packets.begin() + 5, packets[3]);
  const auto bytes = Only(packets);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(bytes->to_bob.stream.Total(), static_cast<int64_t>(Request().size()) + 9);
  EXPECT_EQ(bytes->to_bob.packets.retransmitted_bytes, 100);
}

TEST(CaptureCensusTest, WithoutAnyOneOfThePacketsThatCarryBytesThereIsNoCensus) {
  const std::vector<std::string> packets = Conversation();
  for (const size_t lost : {2, 3, 4, 6}) {
    std::vector<std::string> rest = packets;
    rest.erase(rest.begin() + static_cast<ptrdiff_t>(lost));
    EXPECT_EQ(Only(rest).status().code(), absl::StatusCode::kDataLoss) << lost;
  }
  EXPECT_EQ(Only({packets.begin() + 1, packets.end()}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(CaptureCensusTest, PacketsCutShortAreNoCensus) {
  std::vector<std::string> packets = Conversation();
  packets[2].resize(80);
  const auto status = Only(packets).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("beginnings of packets"));
}

TEST(CaptureCensusTest, ConnectionsAreToldApartAndOtherPortsAreLeftOut) {
  std::vector<std::string> packets = Conversation();
  const std::string other_client(
      Ethernet(Ipv4(kAliceAddress, kBobAddress, Segment(50000, kBobPort, 5, kSyn, ""))));
  const std::string other_port(
      Ethernet(Ipv4(kAliceAddress, kBobAddress, Segment(50000, 7004, 5, kSyn, ""))));
  packets.insert(packets.begin() + 2, {other_client, other_port});
  const auto found = CensusOfCapture(CaptureOf(packets), kBobPort);
  ASSERT_TRUE(found.ok());
  ASSERT_THAT(*found, SizeIs(2));
  EXPECT_TRUE((*found)[0].bytes.ok());
  EXPECT_EQ((*found)[1].client, "10.0.0.1:50000");
  ASSERT_TRUE((*found)[1].bytes.ok());
  EXPECT_EQ((*found)[1].bytes->run_id, 0);
  const auto all = CensusOfCapture(CaptureOf(packets), std::nullopt);
  ASSERT_TRUE(all.ok());
  ASSERT_THAT(*all, SizeIs(3));
  EXPECT_EQ((*all)[2].server, "10.0.0.2:7004");
  const auto none = CensusOfCapture(CaptureOf(packets), 9);
  ASSERT_TRUE(none.ok());
  EXPECT_THAT(*none, IsEmpty());
}

TEST(CaptureCensusTest, WhatIsNoCaptureIsRefused) {
  FILE* const text = std::tmpfile();
  std::fputs("these are words, not packets", text);
  std::rewind(text);
  EXPECT_EQ(CensusOfCapture(text, kBobPort).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CensusOfCapture(CaptureOf({}, DLT_NULL), kBobPort).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(CaptureCensusTest, ACaptureThatBreaksOffIsAnError) {
  FILE* const whole = CaptureOf(Conversation());
  std::string bytes(1 << 16, '\0');
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), whole));
  std::fclose(whole);
  FILE* const part = std::tmpfile();
  std::fwrite(bytes.data(), 1, bytes.size() - 3, part);
  std::rewind(part);
  EXPECT_EQ(CensusOfCapture(part, kBobPort).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace kvwire
