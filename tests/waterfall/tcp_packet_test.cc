#include "common/waterfall/tcp_packet.h"

#include <pcap/dlt.h>

#include <string>

#include "gtest/gtest.h"
#include "tests/waterfall/tcp_packet_bytes.h"

namespace kvwire {
namespace {

std::optional<TcpPacket> Parsed(const std::string& bytes, int link_type = DLT_RAW) {
  return ParseTcpPacket(link_type, bytes, static_cast<int64_t>(bytes.size()));
}

TEST(TcpPacketTest, APacketIsReadWhateverLinkCarriesIt) {
  const std::string bytes = Ipv4(kAliceAddress, kBobAddress,
                                 Segment(4000, 7003, 0xfedcba98, kSyn | kFin, "payload", 12));
  for (const auto& [link_type, link_bytes] :
       {std::pair{DLT_RAW, 0}, {DLT_EN10MB, 14}, {DLT_LINUX_SLL, 16}, {DLT_LINUX_SLL2, 20}}) {
    EXPECT_TRUE(KnownLinkType(link_type));
    // Short frames of Ethernet are filled up.
    const std::string framed = std::string(link_bytes, 'l') + bytes + "fill";
    const auto packet = Parsed(framed, link_type);
    ASSERT_TRUE(packet.has_value()) << link_type;
    EXPECT_EQ(packet->source, kAliceAddress);
    EXPECT_EQ(packet->destination, kBobAddress);
    EXPECT_EQ(packet->source_port, 4000);
    EXPECT_EQ(packet->destination_port, 7003);
    EXPECT_EQ(packet->sequence, 0xfedcba98);
    EXPECT_TRUE(packet->opens && packet->ends);
    EXPECT_FALSE(packet->resets || packet->acknowledges);
    EXPECT_EQ(packet->ip_header_bytes, 20);
    EXPECT_EQ(packet->tcp_header_bytes, 32);
    EXPECT_EQ(packet->payload, "payload");
    EXPECT_TRUE(packet->whole);
  }
  EXPECT_FALSE(KnownLinkType(DLT_NULL));
}

TEST(TcpPacketTest, IPv6IsReadToo) {
  const std::string alice(16, 'a');
  const std::string bob(16, 'b');
  const std::string bytes = Ipv6(alice, bob, Segment(1, 2, 3, kRst, "xy"));
  const auto packet = Parsed(bytes);  // a view of them
  ASSERT_TRUE(packet.has_value());
  EXPECT_EQ(packet->source, alice);
  EXPECT_EQ(packet->destination, bob);
  EXPECT_EQ(packet->ip_header_bytes, 40);
  EXPECT_EQ(packet->payload, "xy");
  EXPECT_TRUE(packet->resets);
}

TEST(TcpPacketTest, APacketLongerThanItsLengthFieldIsAsLongAsItWas) {
  std::string bytes = Ipv4(kAliceAddress, kBobAddress, Segment(1, 2, 3, kAck, "large"));
  bytes[2] = bytes[3] = 0;
  const auto packet = Parsed(bytes);
  ASSERT_TRUE(packet.has_value());
  EXPECT_EQ(packet->payload, "large");
}

TEST(TcpPacketTest, APacketCutShortSaysSoOrIsNone) {
  const std::string bytes =
      Ipv4(kAliceAddress, kBobAddress, Segment(1, 2, 3, kAck, "payload", 4));
  const auto length = static_cast<int64_t>(bytes.size());
  for (int64_t captured = 0; captured < length; ++captured) {
    const auto packet = ParseTcpPacket(DLT_RAW, bytes.substr(0, captured), length);
    EXPECT_EQ(packet.has_value(), captured >= 40) << captured;
    EXPECT_FALSE(packet.has_value() && packet->whole) << captured;
  }
}

TEST(TcpPacketTest, WhatIsNotTcpInOnePieceIsNone) {
  const std::string segment = Segment(1, 2, 3, kAck, "x");
  EXPECT_FALSE(Parsed(Ipv4(kAliceAddress, kBobAddress, segment, /*protocol=*/17)));
  EXPECT_FALSE(Parsed(Ipv4(kAliceAddress, kBobAddress, segment, 6, /*fragment=*/0x2000)));
  EXPECT_FALSE(Parsed(Ipv4(kAliceAddress, kBobAddress, segment, 6, /*fragment=*/7)));
  EXPECT_TRUE(Parsed(Ipv4(kAliceAddress, kBobAddress, segment, 6, /*don't fragment*/ 0x4000)));
  std::string small_header = Ipv4(kAliceAddress, kBobAddress, segment);
  small_header[0] = 0x44;
  EXPECT_FALSE(Parsed(small_header));
  std::string small_segment = Ipv4(kAliceAddress, kBobAddress, segment);
  small_segment[32] = 0x40;
  EXPECT_FALSE(Parsed(small_segment));
  small_segment[32] = '\xf0';  // more than there is
  EXPECT_FALSE(Parsed(small_segment));
}

}  // namespace
}  // namespace kvwire
