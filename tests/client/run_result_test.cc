#include "client/run_result.h"

#include <cstdint>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/good_run.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInternal = absl::StatusCode::kInternal;
constexpr int64_t kMost = int64_t{1} << 48;

TEST(RunResultTest, BytesAreSummedOverTheConnections) {
  v1::ChannelLedger ledger;
  for (int64_t k : {1, 10, 100}) {
    v1::TcpCount& count = *ledger.add_connections();
    count.set_sent_bytes(2 * k);
    count.set_received_bytes(3 * k);
    count.set_retransmitted_bytes(4 * k);
  }
  EXPECT_EQ(RunResult::SentBytes(ledger), 222);
  EXPECT_EQ(RunResult::ReceivedBytes(ledger), 333);
  EXPECT_EQ(RunResult::RetransmittedBytes(ledger), 444);
}

TEST(RunResultTest, WireBytesAreWhatAliceSent) { EXPECT_EQ(GoodRun().wire_bytes(), 900); }

TEST(RunResultTest, GrpcAddsFiveBytesAMessage) {
  v1::ChannelLedger ledger;
  EXPECT_EQ(GrpcBytes(ledger), 0);
  ledger.set_message_bytes(1000);
  ledger.set_message_count(7);
  EXPECT_EQ(GrpcBytes(ledger), 1035);
}

TEST(RunResultTest, TheFloorFollowsFromTheErrors) {
  RunResult result = GoodRun();
  EXPECT_EQ(result.floor_bits(), 1344);
  result.bit_errors = 672;
  EXPECT_EQ(result.floor_bits(), 0);
  // 1344 (1 - H(1/4)) = 253.6.
  result.bit_errors = 336;
  EXPECT_EQ(result.floor_bits(), 254);
}

TEST(RunResultTest, BooksThatCanBeSummedAreAccepted) {
  RunResult result = GoodRun();
  EXPECT_THAT(CheckBooks(result), IsOk());
  for (int64_t number : {kMost, -kMost, int64_t{0}}) {
    result.state_bits = number;
    result.alice.set_message_bytes(number);
    result.bob.mutable_connections(0)->set_received_bytes(number);
    EXPECT_THAT(CheckBooks(result), IsOk()) << number;
  }
  while (result.bob.connections_size() < 1000) result.bob.add_connections();
  EXPECT_THAT(CheckBooks(result), IsOk());
}

TEST(RunResultTest, NumbersThatNothingCanMeasureAreRefusedByName) {
  for (int64_t number : {kMost + 1, -kMost - 1, INT64_MAX, INT64_MIN}) {
    const auto refused = [number](const char* who) {
      return StatusIs(kInternal, AllOf(HasSubstr(who), HasSubstr(std::to_string(number))));
    };
    RunResult result = GoodRun();
    result.state_bits = number;
    EXPECT_THAT(CheckBooks(result), refused("Alice's algorithm's books"));
    for (const auto set :
         {&v1::ChannelLedger::set_snapshot_bytes, &v1::ChannelLedger::set_message_count,
          &v1::ChannelLedger::set_message_bytes}) {
      result = GoodRun();
      (result.alice.*set)(number);
      EXPECT_THAT(CheckBooks(result), refused("Alice's books"));
      result = GoodRun();
      (result.bob.*set)(number);
      EXPECT_THAT(CheckBooks(result), refused("Bob's books"));
    }
    for (const auto set : {&v1::TcpCount::set_sent_bytes, &v1::TcpCount::set_received_bytes,
                           &v1::TcpCount::set_retransmitted_bytes}) {
      result = GoodRun();
      (result.bob.add_connections()->*set)(number);
      EXPECT_THAT(CheckBooks(result), refused("Bob's books"));
    }
  }
}

TEST(RunResultTest, MoreThanAThousandConnectionsAreRefused) {
  RunResult result = GoodRun();
  while (result.alice.connections_size() <= 1000) result.alice.add_connections();
  EXPECT_THAT(CheckBooks(result),
              StatusIs(kInternal, AllOf(HasSubstr("Alice's books hold 1001 connections"),
                                        HasSubstr("at most 1000"))));
}

}  // namespace
}  // namespace kvwire
