// The rows of both ends side by side, and what the verdict makes of connections that broke.

#include "client/connection_rows.h"

#include <optional>
#include <string>
#include <vector>

#include "client/channel_verdict.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::TcpCount Row(uint32_t id, v1::ConnectionEnd ended, int64_t sent, int64_t received) {
  v1::TcpCount row;
  row.set_connection_id(id);
  row.set_ended(ended);
  row.set_sent_bytes(sent);
  row.set_received_bytes(received);
  row.set_final(true);
  return row;
}

v1::ChannelLedger Ledger(const std::vector<v1::TcpCount>& rows, int64_t messages) {
  v1::ChannelLedger ledger;
  ledger.set_snapshot_bytes(400);
  ledger.set_message_count(messages);
  ledger.set_message_bytes(110 * messages);
  for (const v1::TcpCount& row : rows) *ledger.add_connections() = row;
  return ledger;
}

std::vector<uint32_t> Ids(const v1::ChannelLedger& ledger) {
  std::vector<uint32_t> ids;
  for (const v1::TcpCount& row : ledger.connections()) ids.push_back(row.connection_id());
  return ids;
}

// A message of 4 chunks: 2 over a connection that was reset when 3 had been sent, then the
// other two.
struct Books {
  v1::ChannelLedger alice = Ledger(
      {Row(0, v1::CONNECTION_END_RESET, 700, 200), Row(8, v1::CONNECTION_END_CLEAN, 600, 280)},
      5);
  v1::ChannelLedger bob = Ledger(
      {Row(0, v1::CONNECTION_END_RESET, 200, 600), Row(8, v1::CONNECTION_END_CLEAN, 300, 600)},
      4);

  std::vector<std::string> Reasons() {
    MatchConnections(alice, bob);
    std::vector<std::string> reasons;
    JudgeChannel(alice, bob, reasons);
    return reasons;
  }
};

TEST(ConnectionRowsTest, OfAConnectionThatBrokeMoreMayHaveBeenSentThanArrived) {
  Books books;
  EXPECT_THAT(books.Reasons(), IsEmpty());
  EXPECT_TRUE(BrokeOff(books.alice, books.bob));
}

TEST(ConnectionRowsTest, OfWhatWasWrittenToAConnectionThatBrokeTheSnapshotAtLeastWasSent) {
  const auto carried = [](int64_t broken, int64_t clean) {
    Books books;  // 575 bytes of gRPC messages at Alice
    books.alice.mutable_connections(0)->set_sent_bytes(broken);
    books.bob.mutable_connections(0)->set_received_bytes(broken);
    books.alice.mutable_connections(1)->set_sent_bytes(clean);
    books.bob.mutable_connections(1)->set_received_bytes(clean);
    return books.Reasons();
  };
  EXPECT_THAT(carried(150, 250), IsEmpty());
  EXPECT_THAT(carried(150, 249), ElementsAre(HasSubstr("1 short of the snapshot in it")));
}

TEST(ConnectionRowsTest, MoreThanWasSentCannotArrive) {
  Books books;
  books.bob.mutable_connections(0)->set_received_bytes(701);
  EXPECT_THAT(books.Reasons(),
              ElementsAre(HasSubstr("Bob received 701 bytes and Alice sent 700")));
  books = Books();
  books.bob.set_message_bytes(551);
  EXPECT_THAT(books.Reasons(), ElementsAre(HasSubstr("more arrived than was sent")));
}

TEST(ConnectionRowsTest, ARowWhoseCountsAliceHasLostSentWhatBobReceived) {
  Books books;
  *books.alice.mutable_connections(0) = Row(0, v1::CONNECTION_END_KILLED, 91, 41);
  EXPECT_THAT(books.Reasons(), IsEmpty());
  EXPECT_EQ(books.alice.connections(0).sent_bytes(), 600);
  EXPECT_TRUE(IsLost(books.alice.connections(0)));
}

TEST(ConnectionRowsTest, TheConnectionThatEndedCleanlyIsHeldToTheByte) {
  Books books;
  books.bob.mutable_connections(1)->set_received_bytes(599);
  EXPECT_THAT(books.Reasons(), ElementsAre(HasSubstr("Alice counted 600, Bob 599")));
  books = Books();
  books.bob.mutable_connections(1)->set_final(false);
  EXPECT_THAT(books.Reasons(), ElementsAre(HasSubstr("not seen to close")));
}

TEST(ConnectionRowsTest, SomeConnectionMustHaveEndedCleanly) {
  Books books;
  books.alice.mutable_connections(1)->set_ended(v1::CONNECTION_END_RESET);
  EXPECT_THAT(books.Reasons(), ElementsAre(HasSubstr("no connection carried the end")));
}

TEST(ConnectionRowsTest, ARowThatOneEndLacksIsFilledIn) {
  Books books;
  books.alice = Ledger(
      {Row(5, v1::CONNECTION_END_RESET, 90, 0), Row(8, v1::CONNECTION_END_CLEAN, 600, 280)},
      2);
  EXPECT_THAT(books.Reasons(), IsEmpty());  // her count of messages died with her
  EXPECT_THAT(Ids(books.alice), ElementsAre(0U, 5U, 8U));
  EXPECT_THAT(Ids(books.bob), ElementsAre(0U, 5U, 8U));
  EXPECT_TRUE(IsLost(books.alice.connections(0)));
  EXPECT_EQ(books.alice.connections(0).sent_bytes(), 600);  // at least
  EXPECT_EQ(EndOf(books.alice.connections(0), books.bob.connections(0)),
            v1::CONNECTION_END_KILLED);
  EXPECT_EQ(books.bob.connections(1).ended(), v1::CONNECTION_END_RESET);
  EXPECT_EQ(books.bob.connections(1).received_bytes(), 0);
}

TEST(ConnectionRowsTest, OfABobWhoWasKilledNothingIsAsked) {
  Books books;
  *books.bob.mutable_connections(0) = Row(0, v1::CONNECTION_END_KILLED, 0, 0);
  EXPECT_THAT(books.Reasons(), IsEmpty());
  EXPECT_EQ(EndOf(books.alice.connections(0), books.bob.connections(0)),
            v1::CONNECTION_END_KILLED);
}

TEST(ConnectionRowsTest, ABobWhoWasKilledAfterHisAnswerHasGivenIt) {
  Books books;
  *books.bob.mutable_connections(1) = Row(8, v1::CONNECTION_END_KILLED, 0, 0);
  EXPECT_THAT(books.Reasons(), IsEmpty());
}

TEST(ConnectionRowsTest, RowsThatCannotBeToldApartStayAsTheyAre) {
  v1::ChannelLedger alice = Ledger(
      {Row(0, v1::CONNECTION_END_CLEAN, 1, 2), Row(0, v1::CONNECTION_END_CLEAN, 3, 4)}, 1);
  v1::ChannelLedger bob = Ledger({Row(0, v1::CONNECTION_END_CLEAN, 2, 1)}, 1);
  MatchConnections(alice, bob);
  EXPECT_EQ(alice.connections_size(), 2);
  EXPECT_EQ(bob.connections_size(), 1);
}

TEST(ConnectionRowsTest, AnEndThatSaysNothingIsACleanOne) {
  EXPECT_EQ(EndOf({}, {}), v1::CONNECTION_END_CLEAN);
  EXPECT_FALSE(BrokeOff(Ledger({v1::TcpCount()}, 1), Ledger({v1::TcpCount()}, 1)));
}

TEST(ConnectionRowsTest, WhatALaterCallSendsAgainIsCounted) {
  v1::ChannelLedger books;
  v1::ChannelLedger first = Ledger({Row(0, v1::CONNECTION_END_RESET, 700, 200)}, 3);
  first.set_snapshot_bytes(300);
  first.set_resent_bytes(20);
  AppendLedger(first, books);
  EXPECT_EQ(books.resent_bytes(), 20);
  v1::ChannelLedger second = Ledger({Row(8, v1::CONNECTION_END_CLEAN, 600, 280)}, 2);
  second.set_resumed_at_bytes(200);
  AppendLedger(second, books);
  EXPECT_EQ(books.resent_bytes(), 120);
  EXPECT_EQ(books.message_count(), 5);
  EXPECT_EQ(books.message_bytes(), 550);
  EXPECT_EQ(books.snapshot_bytes(), 400);
  EXPECT_THAT(Ids(books), ElementsAre(0U, 8U));
}

TEST(ConnectionRowsTest, ACallThatSentNothingSendsNothingAgain) {
  v1::ChannelLedger books = Ledger({Row(0, v1::CONNECTION_END_RESET, 700, 200)}, 3);
  books.set_snapshot_bytes(300);
  v1::ChannelLedger idle = Ledger({Row(5, v1::CONNECTION_END_RESET, 60, 0)}, 0);
  idle.set_snapshot_bytes(0);
  AppendLedger(idle, books);
  EXPECT_EQ(books.resent_bytes(), 0);
  EXPECT_EQ(books.snapshot_bytes(), 300);
  EXPECT_THAT(Ids(books), ElementsAre(0U, 5U));
  v1::ChannelLedger last = Ledger({Row(8, v1::CONNECTION_END_CLEAN, 600, 280)}, 2);
  last.set_resumed_at_bytes(250);
  AppendLedger(last, books);
  EXPECT_EQ(books.resent_bytes(), 50);
  EXPECT_EQ(books.snapshot_bytes(), 400);
}

}  // namespace
}  // namespace kvwire
