// Books by hand. GoodRun() has M = 1344 payload bits, a claim of 3000 bits, and two
// sections, which may add 8 (64 + 16 x 2) = 768 bits to it; its snapshot adds 200.

#include "client/verdict.h"

#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/good_run.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> ReasonsOf(const RunResult& result) {
  return Judge(result, {}).reasons;
}

v1::TcpCount& Connection(v1::ChannelLedger& ledger) { return *ledger.mutable_connections(0); }

TEST(VerdictTest, AGoodRunPasses) {
  const Verdict verdict = Judge(GoodRun(), {});
  EXPECT_TRUE(verdict.ok());
  EXPECT_THAT(verdict.reasons, IsEmpty());
  EXPECT_EQ(verdict.leak_bits, 1344 - 8 * 460 - 2);
  EXPECT_EQ(verdict.state_leak_bits, 1344 - 3000 - 2);
}

struct Fault {
  std::string name;
  std::function<void(RunResult&)> make;
  std::vector<std::string> said;  // by the one reason
};

// In the claim, and from layer to layer at Alice's end.
std::vector<Fault> FaultsOfOneEnd() {
  return {
      {"claim above the snapshot",
       [](RunResult& run) { run.state_bits = 3201; },
       {"Alice's algorithm claims", "3201 bits", ", 1 more than its snapshot has"}},
      {"snapshot above the claim",
       [](RunResult& run) { run.state_bits = 3200 - 768 - 1; },
       {"Alice's algorithm sent a snapshot of 400 bytes", "2431 bits", ": 1 bits more than",
        "2 section(s)"}},
      {"messages smaller than the snapshot",
       [](RunResult& run) { SetSizes(run, 400, 399); },
       {"Alice's 399 bytes of messages are 1 short"}},
      {"wire smaller than gRPC",
       [](RunResult& run) {
         Connection(run.alice).set_sent_bytes(464);
         Connection(run.bob).set_received_bytes(464);
       },
       {"Alice's connection carried 464 bytes, 1 short of the gRPC messages"}},
  };
}

// In what the ends say of the message and its algorithm.
std::vector<Fault> FaultsBetweenEnds() {
  return {
      {"snapshot bytes",
       [](RunResult& run) { run.bob.set_snapshot_bytes(401); },
       {"disagree on the snapshot's bytes", "Alice counted 400, Bob 401", "-1 more"}},
      {"message count",
       [](RunResult& run) { run.bob.set_message_count(3); },
       {"disagree on the number of messages", "Alice counted 1, Bob 3"}},
      {"answers against the audit",
       [](RunResult& run) {
         run.asked = {{.position = 7, .bit = false}, {.position = 8, .bit = true}};
       },
       {"Bob contradicts himself: 1 of the 2 bits"}},
      {"message bytes",
       [](RunResult& run) { run.bob.set_message_bytes(450); },
       {"disagree on the messages' bytes", "Alice counted 460, Bob 450", "(10 more"}},
      {"connections",
       [](RunResult& run) { run.bob.add_connections()->set_final(true); },
       {"disagree on the connections", "Alice counted 1, Bob 2"}},
      {"another snapshot",
       [](RunResult& run) { run.bob_sha256.back() = '\x5b'; },
       {"Bob holds another snapshot than Alice sent", "5a5b instead of 5a5a"}},
      {"a file length that did not arrive",
       [](RunResult& run) { run.payload_bytes = 77; },
       {"Alice was given a file of 77 bytes, but Bob heard of no file"}},
      {"another file length",
       [](RunResult& run) {
         run.payload_bytes = 77;
         run.heard_bytes = 76;
       },
       {"Alice was given a file of 77 bytes, but Bob heard of a file of 76 bytes"}},
      {"one algorithm process",
       [](RunResult& run) { run.bob_process_id = run.alice_process_id; },
       {"Alice and Bob use one algorithm process (000000000000000a)",
        "--allow-shared-algorithm"}},
  };
}

// In what the kernels counted.
std::vector<Fault> FaultsInTransport() {
  return {
      {"a byte less received",
       [](RunResult& run) { Connection(run.bob).set_received_bytes(899); },
       {"disagree on the TCP payload from Alice to Bob", "Alice counted 900, Bob 899"}},
      {"a byte more received",
       [](RunResult& run) { Connection(run.bob).set_received_bytes(901); },
       {"disagree on the TCP payload from Alice to Bob", "Alice counted 900, Bob 901"}},
      {"too much unread",
       [](RunResult& run) { Connection(run.alice).set_received_bytes(300 - 129); },
       {"Bob sent 300 bytes", "Alice received 171", "0 to 128"}},
      {"more read than sent",
       [](RunResult& run) { Connection(run.alice).set_received_bytes(301); },
       {"Bob sent 300 bytes", "Alice received 301", "0 to 128"}},
      {"Alice's count not final",
       [](RunResult& run) { Connection(run.alice).set_final(false); },
       {"Alice's connection was not seen to close"}},
      {"Bob's count not final",
       [](RunResult& run) { Connection(run.bob).set_final(false); },
       {"Bob's connection was not seen to close"}},
  };
}

TEST(VerdictTest, EachSingleFaultGivesOneReasonThatSaysWhoAndByHowMuch) {
  for (const auto& faults : {FaultsOfOneEnd(), FaultsBetweenEnds(), FaultsInTransport()}) {
    for (const Fault& fault : faults) {
      RunResult result = GoodRun();
      fault.make(result);
      const Verdict verdict = Judge(result, {});
      EXPECT_FALSE(verdict.ok()) << fault.name;
      ASSERT_EQ(verdict.reasons.size(), 1u) << fault.name;
      for (const std::string& said : fault.said) {
        EXPECT_THAT(verdict.reasons[0], HasSubstr(said)) << fault.name;
      }
    }
  }
}

TEST(VerdictTest, AllFaultsAtOnceAreAllNamed) {
  RunResult result = GoodRun();
  result.state_bits = 3201;
  result.bob_sha256.clear();
  Connection(result.bob).set_final(false);
  result.bob_process_id = result.alice_process_id;
  EXPECT_EQ(ReasonsOf(result).size(), 4u);
}

TEST(VerdictTest, ASnapshotMayBeLargerThanTheClaimByItsHeadersAndNoMore) {
  for (int64_t sections : {1, 2, 5, 64}) {
    const int64_t allowed = 8 * (64 + 16 * sections);
    RunResult result = GoodRun();
    result.section_count = sections;
    SetSizes(result, 2000, 2100);
    Connection(result.alice).set_sent_bytes(3000);
    Connection(result.bob).set_received_bytes(3000);
    result.state_bits = 8 * 2000;
    EXPECT_THAT(ReasonsOf(result), IsEmpty());
    result.state_bits = 8 * 2000 - allowed;
    EXPECT_THAT(ReasonsOf(result), IsEmpty()) << sections;
    --result.state_bits;
    EXPECT_THAT(ReasonsOf(result), ElementsAre(HasSubstr("1 bits more than the claim")));
  }
}

TEST(VerdictTest, SectionsCannotBeClaimedWithoutEnd) {
  RunResult result = GoodRun();
  SetSizes(result, 4000, 4100);
  Connection(result.alice).set_sent_bytes(5000);
  Connection(result.bob).set_received_bytes(5000);
  // 64 sections explain 8704 bits, of the 8705 that are to be explained.
  result.state_bits = 32000 - 8705;
  for (int64_t sections : {int64_t{64}, int64_t{65}, INT64_MAX}) {
    result.section_count = sections;
    EXPECT_THAT(ReasonsOf(result), ElementsAre(HasSubstr("64 section(s)"))) << sections;
  }
  result.state_bits = 32000 - 641;
  for (int64_t sections : {int64_t{1}, int64_t{0}, int64_t{-1}, INT64_MIN}) {
    result.section_count = sections;
    EXPECT_THAT(ReasonsOf(result), ElementsAre(HasSubstr("1 section(s)"))) << sections;
  }
}

TEST(VerdictTest, WhatAliceDidNotReadMayBeUpTo128Bytes) {
  for (int64_t unread : {0, 1, 127, 128}) {
    RunResult result = GoodRun();
    Connection(result.alice).set_received_bytes(300 - unread);
    EXPECT_THAT(ReasonsOf(result), IsEmpty()) << unread;
  }
}

TEST(VerdictTest, TheWireMayBeAsSmallAsTheGrpcMessages) {
  RunResult result = GoodRun();
  Connection(result.alice).set_sent_bytes(465);
  Connection(result.bob).set_received_bytes(465);
  EXPECT_THAT(ReasonsOf(result), IsEmpty());
}

TEST(VerdictTest, ABookWithoutConnectionsIsRefused) {
  RunResult result = GoodRun();
  result.alice.clear_connections();
  result.bob.clear_connections();
  EXPECT_THAT(ReasonsOf(result), ElementsAre(HasSubstr("carried 0 bytes, 465 short")));
}

TEST(VerdictTest, OneAlgorithmProcessIsFineWhereItIsAllowed) {
  RunResult result = GoodRun();
  result.bob_process_id = result.alice_process_id;
  EXPECT_TRUE(Judge(result, {.allow_shared_algorithm = true}).ok());
}

TEST(VerdictTest, TheSameFileLengthAtBothEndsIsFine) {
  RunResult result = GoodRun();
  result.payload_bytes = result.heard_bytes = 77;
  EXPECT_THAT(ReasonsOf(result), IsEmpty());
}

TEST(VerdictTest, ConnectionsAreJudgedBySumAndEachMustClose) {
  RunResult result = GoodRun();
  for (v1::ChannelLedger* ledger : {&result.alice, &result.bob}) {
    v1::TcpCount& second = *ledger->add_connections();
    second.set_sent_bytes(50);
    second.set_received_bytes(50);
    second.set_final(true);
  }
  EXPECT_THAT(ReasonsOf(result), IsEmpty());
  result.bob.mutable_connections(1)->set_final(false);
  EXPECT_THAT(ReasonsOf(result), ElementsAre(HasSubstr("Bob's connection was not seen")));
}

}  // namespace
}  // namespace kvwire
