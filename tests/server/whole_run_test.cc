// From the driver's bits through Alice, two algorithm processes and Bob to bits again.

#include "tests/server/whole_run.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/container.h"
#include "tests/server/bob_calls.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

constexpr uint64_t kRun = 0xfeedfacecafebeef;
constexpr double kLongSeconds = 60;

// L = 21 tokens of d = 32, whose keys hardly disturb each other.
PublicParameters WideParameters(const std::string& algorithm) {
  return PublicParameters{.shape = ProblemShape::Var(*Scales::Pyramid(8)),
                          .dims = 32,
                          .sharpness = 64,
                          .algorithm = algorithm};
}

bool BitOf(const std::string& bits, int64_t position) {
  return (bits[static_cast<size_t>(position / 8)] >> position % 8 & 1) != 0;
}

struct Case {
  const char* algorithm;
  int64_t state_bits;
};

TEST(WholeRunTest, EveryCacheThatKeepsEverythingReturnsEveryBit) {
  constexpr int64_t kBits = 21 * 32;
  for (const Case& c : {Case{"bitplane", kBits}, Case{"exact", 64 * kBits},
                        Case{"float16", 32 * kBits}, Case{"streaming", 64 * kBits}}) {
    const WholeRun run(WideParameters(c.algorithm));
    const auto spoken = run.Speak(kRun);
    ASSERT_THAT(spoken, IsOk());
    EXPECT_EQ(spoken->state_bits(), c.state_bits);
    EXPECT_EQ(spoken->section_count(), 1);
    EXPECT_EQ(spoken->ledger().snapshot_bytes(),
              ContainerBytes(32, 21, c.state_bits / 8) + c.state_bits / 8);
    const auto decoded = Decode(*run.bob->stub, AskAll(kRun, run.parameters));
    ASSERT_THAT(decoded, IsOk());
    EXPECT_EQ(decoded->bits, run.bits);
    EXPECT_EQ(decoded->summary.replay_count(), 1);
    EXPECT_NE(decoded->summary.algorithm_process_id(), spoken->algorithm_process_id());
  }
}

TEST(WholeRunTest, ACacheThatEvictsReturnsWhatItKept) {
  const WholeRun run(WideParameters("streaming:sinks=2,window=3"));
  ASSERT_THAT(run.Speak(kRun), IsOk());
  const auto decoded = Decode(*run.bob->stub, AskAll(kRun, run.parameters));
  ASSERT_THAT(decoded, IsOk());
  int64_t errors = 0;
  for (int64_t row = 0; row < 21; ++row) {
    for (int64_t at = row * 32; at < row * 32 + 32; ++at) {
      const bool right = BitOf(decoded->bits, at) == BitOf(run.bits, at);
      EXPECT_TRUE(right || (row >= 2 && row < 18)) << at;
      errors += right ? 0 : 1;
    }
  }
  // 512 bits are guessed: fewer than 100 errors have a probability below 1e-40.
  EXPECT_GE(errors, 100);
}

TEST(WholeRunTest, MoreRowsThanQueriesTakeSeveralReplays) {
  PublicParameters parameters = WideParameters("exact");
  parameters.shape = ProblemShape::Var(*Scales::FromSides({1, 2, 3, 2}));  // L = 14, n^2 = 4
  const WholeRun run(parameters);
  ASSERT_THAT(run.Speak(kRun), IsOk());
  const auto all = Decode(*run.bob->stub, AskAll(kRun, parameters));
  ASSERT_THAT(all, IsOk());
  EXPECT_EQ(all->bits, run.bits);
  EXPECT_EQ(all->summary.replay_count(), 4);
  // Four rows are one replay, whatever their order and number of bits; five are two.
  const auto four = Decode(*run.bob->stub, Ask(kRun, parameters, {447, 0, 63, 300, 1, 32}));
  ASSERT_THAT(four, IsOk());
  EXPECT_EQ(four->summary.replay_count(), 1);
  const auto five =
      Decode(*run.bob->stub, Ask(kRun, parameters, {447, 0, 63, 300, 1, 32, 200}));
  ASSERT_THAT(five, IsOk());
  EXPECT_EQ(five->summary.replay_count(), 2);
  const std::vector<int64_t> positions = {447, 0, 63, 300, 1, 32, 200};
  for (size_t k = 0; k < positions.size(); ++k) {
    EXPECT_EQ(BitOf(five->bits, static_cast<int64_t>(k)), BitOf(run.bits, positions[k]));
  }
}

TEST(WholeRunTest, TheSameQuestionHasTheSameAnswer) {
  const WholeRun run;
  ASSERT_THAT(run.Speak(kRun), IsOk());
  const v1::DecodeRequest request = Ask(kRun, run.parameters, {5, 5, 39, 0});
  const std::string answer = Decode(*run.bob->stub, request)->bits;
  EXPECT_EQ(Decode(*run.bob->stub, request)->bits, answer);
  EXPECT_EQ(BitOf(answer, 0), BitOf(run.bits, 5));
  EXPECT_EQ(BitOf(answer, 1), BitOf(run.bits, 5));
  EXPECT_EQ(BitOf(answer, 2), BitOf(run.bits, 39));
  EXPECT_EQ(BitOf(answer, 3), BitOf(run.bits, 0));
}

TEST(WholeRunTest, TheMessageDependsOnTheBitsAndNotOnTheRun) {
  const WholeRun first, second;
  const std::string digest = first.Speak(1)->snapshot_sha256();
  EXPECT_EQ(first.Speak(2)->snapshot_sha256(), digest);
  EXPECT_EQ(second.Speak(3)->snapshot_sha256(), digest);
  EXPECT_EQ(GetLedger(*second.bob->stub, 3, 0)->snapshot_sha256(), digest);
  WholeRun other;
  other.bits[4] ^= 0x40;
  EXPECT_NE(other.Speak(4)->snapshot_sha256(), digest);
}

TEST(WholeRunTest, BitsMayComeInAnyPieces) {
  const WholeRun run;
  const std::string digest = run.Speak(1)->snapshot_sha256();
  for (const size_t piece : {1, 2, 4}) {
    const auto spoken = Speak(*run.alice->stub, run.Opening(1 + piece), run.bits, piece);
    ASSERT_THAT(spoken, IsOk());
    EXPECT_EQ(spoken->snapshot_sha256(), digest);
  }
}

TEST(WholeRunTest, BothKernelsCountTheSameBytesOfALongMessage) {
  PublicParameters parameters = WideParameters("exact");
  parameters.shape = ProblemShape::Var(*Scales::Pyramid(64));  // L = 1365
  parameters.dims = 512;
  const WholeRun run(parameters);
  const auto spoken = run.Speak(kRun);
  ASSERT_THAT(spoken, IsOk());
  const auto bobs = GetLedger(*run.bob->stub, kRun, kLongSeconds);
  ASSERT_THAT(bobs, IsOk());
  const v1::TcpCount& alice = spoken->ledger().connections(0);
  const v1::TcpCount& bob = bobs->ledger().connections(0);
  EXPECT_TRUE(alice.final());
  EXPECT_TRUE(bob.final());
  EXPECT_EQ(alice.sent_bytes(), bob.received_bytes());
  EXPECT_LE(alice.received_bytes(), bob.sent_bytes());
  EXPECT_LE(bob.sent_bytes() - alice.received_bytes(), 128);
  // gRPC adds 5 bytes a message, HTTP/2 at least 9 a frame.
  EXPECT_GE(alice.sent_bytes(),
            spoken->ledger().message_bytes() + 14 * spoken->ledger().message_count());
  EXPECT_EQ(spoken->ledger().snapshot_bytes(),
            ContainerBytes(512, 1365, 1365 * 2 * 512 * 4) + 1365 * 2 * 512 * 4);
  EXPECT_EQ(spoken->ledger().message_count(), 4);  // of 1, 1, 2 MiB and the rest
}

}  // namespace
}  // namespace kvwire
