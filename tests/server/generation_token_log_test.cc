// Handovers after any scale, and before the first of them: a token log.

#include <cmath>
#include <cstring>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/container.h"
#include "tests/server/bob_calls.h"
#include "tests/server/generation_parties.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

constexpr uint64_t kRun = 0xfeedface;

Generation TokenLog() {
  Generation generation = SmallGeneration();
  generation.bob_scales = 3;
  return generation;
}

TEST(GenerationHandoverTest, AnExactCacheMayBeHandedOverAfterAnyScale) {
  const GenerationParties parties;
  Generation generation = SmallGeneration();
  generation.options.sides = {1, 2, 5, 3};
  const std::string whole = SplitHere(generation).last_map;
  for (generation.bob_scales = 1; generation.bob_scales <= 4; ++generation.bob_scales) {
    const uint64_t run_id = kRun + static_cast<uint64_t>(generation.bob_scales);
    ASSERT_THAT(parties.Generate(run_id, generation), IsOk());
    const auto message = GetMessage(*parties.bob_stub, run_id);
    ASSERT_THAT(message, IsOk());
    const LocalSplit here = SplitHere(generation);
    EXPECT_EQ(message->bytes, here.map + here.snapshot);
    const auto map = GenerateLast(*parties.bob_stub, AskLast(run_id, generation));
    ASSERT_THAT(map, IsOk());
    EXPECT_EQ(map->tokens, whole) << generation.bob_scales;
  }
}

TEST(GenerationHandoverTest, ALossyCacheLosesAtEveryHandoverWhatItsOracleLoses) {
  const GenerationParties parties;
  for (const std::string algorithm : {"float16", "streaming:sinks=1,window=2"}) {
    Generation generation = SmallGeneration(algorithm);
    for (generation.bob_scales = 1; generation.bob_scales <= 3; ++generation.bob_scales) {
      const uint64_t run_id =
          kRun + algorithm.size() * 10 + static_cast<uint64_t>(generation.bob_scales);
      ASSERT_THAT(parties.Generate(run_id, generation), IsOk());
      const auto map = GenerateLast(*parties.bob_stub, AskLast(run_id, generation));
      ASSERT_THAT(map, IsOk());
      EXPECT_EQ(map->tokens, SplitHere(generation).last_map);
    }
  }
}

TEST(TokenLogTest, TheMessageIsTheInitialTokenAndAnEmptyCache) {
  const GenerationParties parties;
  const auto generated = parties.Generate(kRun, TokenLog());
  ASSERT_THAT(generated, IsOk());
  EXPECT_EQ(generated->token_map_bytes(), 8 * 4);
  EXPECT_EQ(generated->state_bits(), 0);
  EXPECT_EQ(generated->section_count(), 1);
  const auto message = GetMessage(*parties.bob_stub, kRun);
  ASSERT_THAT(message, IsOk());
  EXPECT_EQ(message->bytes.substr(0, 32), RowsToBytes(InitialToken(TokenLog())));
  EXPECT_EQ(message->bytes.size(), 32 + ContainerBytes(8, 0, 0));
  EXPECT_EQ(BodyOf(message->bytes.substr(32)), "");
  EXPECT_EQ(generated->message_sha256(), Sha256Of(message->bytes));
}

TEST(TokenLogTest, TheBooksOfBothEndsAgree) {
  const GenerationParties parties;
  const auto generated = parties.Generate(kRun, TokenLog());
  ASSERT_THAT(generated, IsOk());
  const auto books = GetLedger(*parties.bob_stub, kRun, 60);
  ASSERT_THAT(books, IsOk());
  const v1::ChannelLedger& alice = generated->ledger();
  EXPECT_EQ(alice.snapshot_bytes(), 32 + ContainerBytes(8, 0, 0));
  EXPECT_EQ(alice.snapshot_bytes(), books->ledger().snapshot_bytes());
  EXPECT_EQ(alice.connections(0).sent_bytes(),
            books->ledger().connections(0).received_bytes());
  EXPECT_EQ(generated->message_sha256(), books->snapshot_sha256());
}

TEST(TokenLogTest, AnotherInitialTokenIsAnotherMap) {
  const GenerationParties parties;
  v1::GenerateRequest request = parties.Request(kRun, TokenLog());
  std::string token = request.initial_token();
  token[1] = static_cast<char>(token[1] ^ 0x40);  // a bit of the first significand
  request.set_initial_token(token);
  ASSERT_THAT(parties.Generate(request), IsOk());
  const auto map = GenerateLast(*parties.bob_stub, AskLast(kRun, TokenLog()));
  ASSERT_THAT(map, IsOk());
  EXPECT_NE(map->tokens, SplitHere(TokenLog()).last_map);
}

TEST(TokenLogTest, WithoutTheWeightsNeitherSideTakesPart) {
  const ModelWeights model{.weights = SeededVarWeights(99, 8).value(),
                           .sha256 = Sha256Of("weights")};
  Generation generation = TokenLog();
  generation.weights_sha256 = model.sha256;
  EXPECT_THAT(GenerationParties(std::nullopt, model).Generate(kRun, generation),
              StatusIs(Code::kFailedPrecondition, HasSubstr("this service has none")));
  const GenerationParties parties(model, std::nullopt);
  ASSERT_THAT(parties.Generate(kRun, generation), IsOk());
  EXPECT_THAT(GenerateLast(*parties.bob_stub, AskLast(kRun, generation)),
              StatusIs(Code::kFailedPrecondition, HasSubstr("this service has none")));
}

TEST(TokenLogTest, AllOfTheMemoryIsBobs) {
  const GenerationParties parties;
  v1::GenerateRequest request = parties.Request(kRun, TokenLog());
  request.set_memory_limit_bytes(1);
  ASSERT_THAT(parties.Generate(request), IsOk());
  // 14 tokens of 64 bytes.
  v1::GenerateLastRequest last = AskLast(kRun, TokenLog());
  last.set_memory_limit_bytes(895);
  EXPECT_THAT(GenerateLast(*parties.bob_stub, last),
              StatusIs(Code::kResourceExhausted, HasSubstr("allowed are 895")));
  last.set_memory_limit_bytes(896);
  EXPECT_THAT(GenerateLast(*parties.bob_stub, last), IsOk());
}

// What Bob says to a whole message of these bytes.
absl::Status AfterMessage(const std::string& bytes) {
  const GenerationParties parties;
  v1::SendRequest chunk = WholeChunk(kRun, bytes);
  chunk.set_parameters_digest(GenerationDigest(TokenLog()));
  const absl::Status sent = SendChunks(*parties.bob.channel, {chunk}).status;
  if (!sent.ok()) return sent;
  return GenerateLast(*parties.bob_stub, AskLast(kRun, TokenLog())).status();
}

TEST(TokenLogTest, AMessageThatIsNotWholeIsADataLoss) {
  const LocalSplit here = SplitHere(TokenLog());
  EXPECT_THAT(AfterMessage(here.map + here.snapshot), IsOk());
  EXPECT_THAT(AfterMessage(here.map.substr(1)),
              StatusIs(Code::kDataLoss, HasSubstr("its token map alone 32")));
  EXPECT_THAT(AfterMessage(here.map), StatusIs(Code::kDataLoss, HasSubstr("algorithm at")));
  for (size_t at = 0; at < here.snapshot.size(); ++at) {
    std::string altered = here.snapshot;
    altered[at] = static_cast<char>(altered[at] ^ 0x10);
    EXPECT_FALSE(AfterMessage(here.map + altered).ok()) << "byte " << at;
  }
}

TEST(TokenLogTest, AnInitialTokenWithANumberThatIsNoneIsADataLoss) {
  const LocalSplit here = SplitHere(TokenLog());
  for (const float number : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
    std::string map = here.map;
    std::memcpy(map.data() + 28, &number, sizeof(number));
    EXPECT_THAT(AfterMessage(map + here.snapshot),
                StatusIs(Code::kDataLoss, HasSubstr("token map holds a NaN or an infinity")));
  }
}

TEST(TokenLogTest, AHandoverOfACacheIsNoTokenLogNorTheOtherWayRound) {
  const GenerationParties parties;
  ASSERT_THAT(parties.Generate(kRun, SmallGeneration()), IsOk());
  ASSERT_THAT(parties.Generate(kRun + 1, TokenLog()), IsOk());
  EXPECT_THAT(GenerateLast(*parties.bob_stub, AskLast(kRun, TokenLog())),
              StatusIs(Code::kFailedPrecondition, HasSubstr("another generation")));
  EXPECT_THAT(GenerateLast(*parties.bob_stub, AskLast(kRun + 1, SmallGeneration())),
              StatusIs(Code::kFailedPrecondition, HasSubstr("another generation")));
}

}  // namespace
}  // namespace kvwire
