// Alice over connections that break, with a proxy between her and a Bob in this process.

#include "server/alice/alice_transfer.h"

#include <sys/socket.h>

#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "common/wire/ledger_payload.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/chaos/tcp_proxy.h"
#include "tests/server/bob_calls.h"
#include "tests/server/calls.h"
#include "tests/server/fake_channel.h"
#include "tests/server/sending.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

TEST(AliceTransferTest, AMessageOverManyCutsArrivesWholeAndOnce) {
  TestBob bob;
  TcpProxy proxy(bob.server.endpoint());
  // A reset may take from Bob what he has not read, so none of them need bear fruit.
  for (int64_t k = 0; k + 1 < kFruitlessConnections; ++k) {
    proxy.Push({.kind = FaultKind::kReset, .after_bytes = 600 + 50 * k});
  }
  Sending sending(proxy.endpoint());
  const auto sent = sending.Run();
  ASSERT_THAT(sent.status(), IsOk());
  EXPECT_EQ(GetMessage(*bob.stub, kSendingRun)->bytes, sending.data);
  EXPECT_EQ(sent->sha256, Sha256Of(sending.data));
  const int rows = sent->ledger.connections_size();
  EXPECT_EQ(proxy.fired(FaultKind::kReset), rows - 1);
  EXPECT_EQ(sending.made, rows);
  EXPECT_GT(rows, 3);
  for (int k = 0; k < rows; ++k) {
    EXPECT_EQ(sent->ledger.connections(k).ended(),
              k + 1 < rows ? v1::CONNECTION_END_RESET : v1::CONNECTION_END_CLEAN);
  }
  const v1::ChannelLedger bobs = GetLedger(*bob.stub, kSendingRun, 10)->ledger();
  EXPECT_EQ(bobs.snapshot_bytes(), 3000);
  EXPECT_EQ(bobs.message_count(), 30);
  // What was sent beyond what Bob took was sent again, and nothing else.
  EXPECT_EQ(sent->ledger.message_count() - bobs.message_count(),
            sent->ledger.resent_bytes() / 100);
}

TEST(AliceTransferTest, EveryKindOfFaultIsOvercome) {
  TestBob bob;
  for (int kind = static_cast<int>(kFirstFault); kind <= static_cast<int>(kLastFault);
       ++kind) {
    TcpProxy proxy(bob.server.endpoint());
    const Fault fault{.kind = static_cast<FaultKind>(kind), .after_bytes = 1500, .seed = 3};
    if (fault.kind == FaultKind::kFlipToAlice || fault.kind == FaultKind::kHalfCloseToAlice) {
      continue;  // so many bytes do not come back
    }
    proxy.Push(fault);
    Sending sending(proxy.endpoint());
    sending.options.patience = absl::Milliseconds(500);
    const auto sent = sending.Run();
    EXPECT_THAT(sent.status(), IsOk()) << FaultName(fault.kind);
    EXPECT_EQ(GetMessage(*bob.stub, kSendingRun)->bytes, sending.data)
        << FaultName(fault.kind);
    EXPECT_THAT(CloseRun(*bob.stub, kSendingRun), IsOk());
  }
}

TEST(AliceTransferTest, WithoutFaultsThereIsOneConnectionAndNoQuestion) {
  TestBob bob;
  Sending sending(bob.server.endpoint());
  const auto sent = sending.Run();
  ASSERT_THAT(sent.status(), IsOk());
  EXPECT_EQ(sent->ledger.connections_size(), 1);
  EXPECT_EQ(sent->ledger.connections(0).connection_id(), 0U);
  EXPECT_EQ(sent->ledger.resent_bytes(), 0);
  EXPECT_EQ(sending.made, 1);
}

// gRPC makes it anew for the first call, over a socket that nobody meters.
TEST(AliceTransferTest, OfAConnectionThatBreaksBeforeTheFirstCallNothingIsGuessed) {
  TestBob bob;
  Sending sending(bob.server.endpoint());
  auto connection =
      ConnectMeasured(sending.options.channel, kSendingPatience, "Bob's channel");
  ASSERT_THAT(connection.status(), IsOk());
  for (const OpenSocket& socket : ListOpenSockets()) {
    if (socket.peer_port == bob.server.endpoint().port) shutdown(socket.descriptor, SHUT_RDWR);
  }
  const auto sent = sending.RunOver(*std::move(connection));
  ASSERT_THAT(sent.status(), IsOk());
  ASSERT_EQ(sent->ledger.connections_size(), 2);
  EXPECT_EQ(sent->ledger.connections(0).ended(), v1::CONNECTION_END_KILLED);
  EXPECT_EQ(sent->ledger.connections(1).ended(), v1::CONNECTION_END_CLEAN);
  EXPECT_EQ(GetMessage(*bob.stub, kSendingRun)->bytes, sending.data);
}

TEST(AliceTransferTest, ACallThatIsRepeatedGoesOnWhereTheLastOneCame) {
  TestBob bob;
  {
    Sending sending(bob.server.endpoint());
    v1::SendRequest part = WholeChunk(kSendingRun, sending.data.substr(0, 1000));
    part.clear_finish_write();
    EXPECT_FALSE(SendChunks(*bob.channel, {part}).status.ok());
  }
  Sending sending(bob.server.endpoint());
  sending.options.resume = true;
  const auto sent = sending.Run();
  ASSERT_THAT(sent.status(), IsOk());
  EXPECT_EQ(sent->ledger.resumed_at_bytes(), 1000);
  EXPECT_EQ(sent->ledger.message_count(), 20);
  EXPECT_EQ(GetMessage(*bob.stub, kSendingRun)->bytes, sending.data);
  // And once more, all being there: the answer alone was missing.
  const auto again = sending.Run();
  ASSERT_THAT(again.status(), IsOk());
  EXPECT_EQ(again->ledger.resumed_at_bytes(), 3000);
  // Bob counts the end that came once more, as she does.
  EXPECT_EQ(again->ledger.message_count(), 1);
  const auto books = GetLedger(*bob.stub, kSendingRun, 0);
  ASSERT_THAT(books.status(), IsOk());
  EXPECT_EQ(books->ledger().message_count(), 1 + 20 + 1);
  EXPECT_EQ(again->sha256, Sha256Of(sending.data));
}

TEST(AliceTransferTest, AStreamThatIsUnderWayIsTakenOver) {
  TestBob bob;
  Sending sending(bob.server.endpoint());
  v1::SendRequest part = WholeChunk(kSendingRun, sending.data.substr(0, 1000));
  part.clear_finish_write();
  ChannelStream stream(*bob.channel);
  stream.Write(part);
  while (!bob.store.Find(kSendingRun).ok()) absl::SleepFor(absl::Milliseconds(1));
  const auto sent = sending.Run();
  ASSERT_THAT(sent.status(), IsOk());
  EXPECT_EQ(sent->ledger.connections_size(), 2);
  EXPECT_EQ(GetMessage(*bob.stub, kSendingRun)->bytes, sending.data);
  EXPECT_THAT(stream.Finish().status, StatusIs(Code::kAborted, HasSubstr("took over")));
}

TEST(AliceTransferTest, AnotherMessageThanTheOneBegunIsRefused) {
  TestBob bob;
  Sending sending(bob.server.endpoint());
  ASSERT_THAT(sending.Run().status(), IsOk());
  sending.options.resume = true;
  sending.data.back() ^= 1;
  EXPECT_THAT(sending.Run(), StatusIs(Code::kAlreadyExists, HasSubstr("message already")));
  sending.data.resize(2000);
  EXPECT_THAT(sending.Run(), StatusIs(Code::kAborted, HasSubstr("it is another one")));
}

TEST(AliceTransferTest, GivesUpAfterSixConnectionsInVainAndSaysWhatBecameOfThem) {
  TestBob bob;
  TcpProxy proxy(bob.server.endpoint());
  for (int k = 0; k < 20; ++k) proxy.Push({.kind = FaultKind::kReset, .after_bytes = 300});
  Sending sending(proxy.endpoint());
  const auto sent = sending.Run();
  EXPECT_THAT(sent, StatusIs(Code::kUnavailable, HasSubstr("Bob's channel")));
  const auto ledger = LedgerOf(sent.status());
  ASSERT_TRUE(ledger.has_value());
  EXPECT_EQ(ledger->connections_size(), kFruitlessConnections);
}

TEST(AliceTransferTest, ABobWhoStandsStillIsLeft) {
  TestBob bob;
  TcpProxy proxy(bob.server.endpoint());
  proxy.Push({.kind = FaultKind::kStall, .after_bytes = 1000});
  Sending sending(proxy.endpoint());
  sending.options.patience = absl::Milliseconds(300);
  EXPECT_THAT(sending.Run().status(), IsOk());
  EXPECT_EQ(GetMessage(*bob.stub, kSendingRun)->bytes, sending.data);
}

TEST(AliceTransferTest, WhatBobRefusesForGoodIsNotTriedAgain) {
  FakeChannel bob;
  int calls = 0;
  bob.send = [&](auto&, auto&, auto&) {
    ++calls;
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "no room");
  };
  LoopbackServer server({&bob});
  Sending sending(server.endpoint());
  EXPECT_THAT(sending.Run(), StatusIs(Code::kResourceExhausted, HasSubstr("no room")));
  EXPECT_EQ(calls, 1);
}

TEST(AliceTransferTest, ABobWhoSaysHeHasLessThanNothingIsLeftAtOnce) {
  FakeChannel bob;
  int calls = 0;
  bob.send = [&](auto&, auto&, auto&) {
    ++calls;
    return grpc::Status::OK;
  };
  bob.committed = -1;
  LoopbackServer server({&bob});
  Sending sending(server.endpoint());
  sending.options.resume = true;
  EXPECT_THAT(sending.Run(), StatusIs(Code::kDataLoss, HasSubstr("he has -1 bytes")));
  EXPECT_EQ(calls, 0);
}

TEST(AliceTransferTest, CancellingEndsAnyWait) {
  TestBob bob;
  TcpProxy proxy(bob.server.endpoint());
  for (int k = 0; k < 20; ++k) proxy.Push({.kind = FaultKind::kStall, .after_bytes = 700});
  Sending sending(proxy.endpoint());
  std::thread canceller([&] {
    while (proxy.fired(FaultKind::kStall) == 0) absl::SleepFor(absl::Milliseconds(1));
    sending.cancellation.Cancel();
  });
  // It would wait for a minute else, which is the limit of this test.
  EXPECT_FALSE(sending.Run().ok());
  canceller.join();
  EXPECT_TRUE(sending.cancellation.cancelled());
}

}  // namespace
}  // namespace kvwire
