// Two halves of a generation over the services, against the same with none.

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/container.h"
#include "tests/server/bob_calls.h"
#include "tests/server/generation_parties.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

constexpr uint64_t kRun = 0xfeedface;

TEST(GenerationSplitTest, BobsMapIsThatOfOneProcessBitForBit) {
  const GenerationParties parties;
  uint64_t run_id = kRun;
  for (const std::string algorithm : {"exact", "float16", "streaming:sinks=1,window=3"}) {
    for (const std::vector<int64_t>& sides :
         std::vector<std::vector<int64_t>>{{1, 2}, {1, 2, 3}, {1, 3, 2, 5}, {1, 1, 1}}) {
      Generation generation = SmallGeneration(algorithm);
      generation.options.sides = sides;
      ASSERT_THAT(parties.Generate(++run_id, generation), IsOk());
      const auto map = GenerateLast(*parties.bob_stub, AskLast(run_id, generation));
      ASSERT_THAT(map, IsOk());
      EXPECT_EQ(map->tokens, SplitHere(generation).last_map) << algorithm;
    }
  }
}

TEST(GenerationSplitTest, EveryInterpolationGivesAMapOfItsOwn) {
  const GenerationParties parties;
  std::vector<std::string> maps;
  for (const UpInterpolationKind kind :
       {UpInterpolationKind::kNearest, UpInterpolationKind::kBilinear,
        UpInterpolationKind::kArea, UpInterpolationKind::kBicubic}) {
    Generation generation = SmallGeneration();
    generation.options.interpolation = kind;
    generation.options.sides = {1, 2, 5};
    const uint64_t run_id = kRun + maps.size();
    ASSERT_THAT(parties.Generate(run_id, generation), IsOk());
    const auto map = GenerateLast(*parties.bob_stub, AskLast(run_id, generation));
    ASSERT_THAT(map, IsOk());
    EXPECT_EQ(map->tokens, SplitHere(generation).last_map);
    for (const std::string& other : maps) EXPECT_NE(map->tokens, other);
    maps.push_back(map->tokens);
  }
}

TEST(GenerationSplitTest, TheMessageIsAlicesLastMapAndTheSnapshot) {
  const GenerationParties parties;
  for (const std::string algorithm : {"exact", "float16", "streaming:sinks=1,window=2"}) {
    const Generation generation = SmallGeneration(algorithm);
    const uint64_t run_id = kRun + algorithm.size();
    const auto generated = parties.Generate(run_id, generation);
    ASSERT_THAT(generated, IsOk());
    const LocalSplit here = SplitHere(generation);
    const auto message = GetMessage(*parties.bob_stub, run_id);
    ASSERT_THAT(message, IsOk());
    EXPECT_EQ(message->bytes, here.map + here.snapshot);
    EXPECT_EQ(generated->token_map_bytes(), 4 * 8 * 4);
    EXPECT_EQ(generated->message_sha256(), Sha256Of(here.map + here.snapshot));
    EXPECT_EQ(generated->section_count(), 1);
    EXPECT_EQ(generated->state_bits() / 8, static_cast<int64_t>(BodyOf(here.snapshot).size()));
  }
}

TEST(GenerationSplitTest, TheBooksOfBothEndsAgree) {
  const GenerationParties parties;
  const auto generated = parties.Generate(kRun, SmallGeneration());
  ASSERT_THAT(generated, IsOk());
  const auto books = GetLedger(*parties.bob_stub, kRun, 60);
  ASSERT_THAT(books, IsOk());
  const v1::ChannelLedger& alice = generated->ledger();
  const v1::ChannelLedger& bob = books->ledger();
  // Z_2 of 4 tokens, and 5 keys and values, in 8 numbers each.
  EXPECT_EQ(alice.snapshot_bytes(),
            4 * 8 * 4 + ContainerBytes(8, 5, 5 * 2 * 8 * 4) + 5 * 2 * 8 * 4);
  EXPECT_EQ(alice.snapshot_bytes(), bob.snapshot_bytes());
  EXPECT_EQ(alice.message_bytes(), bob.message_bytes());
  EXPECT_EQ(alice.connections(0).sent_bytes(), bob.connections(0).received_bytes());
  EXPECT_EQ(generated->message_sha256(), books->snapshot_sha256());
  EXPECT_FALSE(books->has_payload_bytes());
}

TEST(GenerationSplitTest, TheLastPieceSaysWhoGeneratedAndAsksMayBeRepeated) {
  const GenerationParties parties;
  const auto generated = parties.Generate(kRun, SmallGeneration());
  ASSERT_THAT(generated, IsOk());
  const auto once = GenerateLast(*parties.bob_stub, AskLast(kRun, SmallGeneration()));
  const auto twice = GenerateLast(*parties.bob_stub, AskLast(kRun, SmallGeneration()));
  ASSERT_THAT(once, IsOk());
  ASSERT_THAT(twice, IsOk());
  EXPECT_EQ(once->tokens, twice->tokens);
  EXPECT_EQ(once->pieces, 1);
  EXPECT_GT(once->last_piece.generate_seconds(), 0);
  EXPECT_NE(once->last_piece.algorithm_process_id(), 0);
  EXPECT_NE(once->last_piece.algorithm_process_id(), generated->algorithm_process_id());
}

TEST(GenerationSplitTest, AMapOfOverAMebibyteComesInPieces) {
  const GenerationParties parties;
  Generation generation = SmallGeneration();
  generation.options.sides = {1, 17};
  generation.dims = 1024;  // 289 tokens of 4 KiB, 256 a piece
  ASSERT_THAT(parties.Generate(kRun, generation), IsOk());
  const auto map = GenerateLast(*parties.bob_stub, AskLast(kRun, generation));
  ASSERT_THAT(map, IsOk());
  EXPECT_EQ(map->pieces, 2);
  EXPECT_EQ(map->tokens.size(), 289 * 4096);
  EXPECT_EQ(map->last_piece.tokens().size(), (289 - 256) * 4096);
}

TEST(GenerationSplitTest, TheInitialTokenChangesTheMessageAndBobNeedNotKnowIt) {
  const GenerationParties parties;
  v1::GenerateRequest request = parties.Request(kRun, SmallGeneration());
  const auto first = parties.Generate(request);
  Matrix other = InitialToken(SmallGeneration());
  other(0, 3) += 0.125F;
  request.set_initial_token(RowsToBytes(other));
  request.set_run_id(kRun + 1);
  const auto second = parties.Generate(request);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_NE(first->message_sha256(), second->message_sha256());
  const auto map = GenerateLast(*parties.bob_stub, AskLast(kRun + 1, SmallGeneration()));
  ASSERT_THAT(map, IsOk());
  EXPECT_NE(map->tokens, SplitHere(SmallGeneration()).last_map);
}

ModelWeights ModelOf(uint64_t seed) {
  return {.weights = SeededVarWeights(seed, 8).value(),
          .sha256 = Sha256Of("weights " + std::to_string(seed))};
}

Generation OfModel(const ModelWeights& model) {
  Generation generation = SmallGeneration();
  generation.weights_sha256 = model.sha256;
  return generation;
}

TEST(GenerationWeightsTest, BothHalvesUseTheWeightsThatWereAskedFor) {
  const ModelWeights model = ModelOf(99);
  const GenerationParties parties(model, model);
  ASSERT_THAT(parties.Generate(kRun, OfModel(model)), IsOk());
  const auto map = GenerateLast(*parties.bob_stub, AskLast(kRun, OfModel(model)));
  ASSERT_THAT(map, IsOk());
  EXPECT_EQ(map->tokens, SplitHere(OfModel(model), model).last_map);
  EXPECT_NE(map->tokens, SplitHere(SmallGeneration()).last_map);
  // The same services generate from seeded weights too.
  ASSERT_THAT(parties.Generate(kRun + 1, SmallGeneration()), IsOk());
  const auto seeded = GenerateLast(*parties.bob_stub, AskLast(kRun + 1, SmallGeneration()));
  ASSERT_THAT(seeded, IsOk());
  EXPECT_EQ(seeded->tokens, SplitHere(SmallGeneration()).last_map);
}

TEST(GenerationWeightsTest, AliceWithoutThemIsAFailedPrecondition) {
  const ModelWeights model = ModelOf(99);
  EXPECT_THAT(GenerationParties(std::nullopt, model).Generate(kRun, OfModel(model)),
              StatusIs(Code::kFailedPrecondition,
                       AllOf(HasSubstr("this service has none"), HasSubstr("--weights"))));
  EXPECT_THAT(GenerationParties(ModelOf(98), model).Generate(kRun, OfModel(model)),
              StatusIs(Code::kFailedPrecondition, HasSubstr("SHA-256")));
}

TEST(GenerationWeightsTest, BobWithoutThemIsAFailedPrecondition) {
  const ModelWeights model = ModelOf(99);
  for (const std::optional<ModelWeights>& his :
       {std::optional<ModelWeights>(), std::optional<ModelWeights>(ModelOf(98))}) {
    const GenerationParties parties(model, his);
    ASSERT_THAT(parties.Generate(kRun, OfModel(model)), IsOk());
    EXPECT_THAT(GenerateLast(*parties.bob_stub, AskLast(kRun, OfModel(model))),
                StatusIs(Code::kFailedPrecondition,
                         AllOf(HasSubstr("SHA-256"), HasSubstr("--weights"))));
  }
}

TEST(GenerationWeightsTest, WeightsOfAnotherDAreInvalid) {
  const ModelWeights model = ModelOf(99);
  const GenerationParties parties(model, model);
  Generation generation = OfModel(model);
  generation.dims = 4;
  EXPECT_THAT(parties.Generate(kRun, generation),
              StatusIs(Code::kInvalidArgument, HasSubstr("W_Q must be [4, 4], not [8, 8]")));
}

}  // namespace
}  // namespace kvwire
