#include "common/wire/generation.h"

#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/reduction/parameters.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/generations.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Code = absl::StatusCode;
using Change = std::function<void(v1::GenerationParameters&)>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

v1::GenerationParameters Changed(const Change& change) {
  v1::GenerationParameters proto = GenerationToProto(SmallGeneration());
  change(proto);
  return proto;
}

Change Sides(std::vector<int64_t> sides) {
  return [sides = std::move(sides)](v1::GenerationParameters& proto) {
    proto.mutable_scale_sides()->Assign(sides.begin(), sides.end());
  };
}

TEST(GenerationTest, SurvivesTheWireWhateverItSays) {
  for (const UpInterpolationKind kind :
       {UpInterpolationKind::kNearest, UpInterpolationKind::kBilinear,
        UpInterpolationKind::kArea, UpInterpolationKind::kBicubic}) {
    Generation generation = SmallGeneration("streaming:sinks=1,window=2");
    generation.options.interpolation = kind;
    generation.options.scale = 0.1;
    generation.options.position_amplitude = 0;
    generation.options.seed = kSeedLimit - 1;
    generation.weights_sha256 = std::string(32, '\xa5');
    generation.bob_scales = 3;
    const auto read = GenerationFromProto(GenerationToProto(generation));
    ASSERT_THAT(read, IsOk());
    EXPECT_EQ(read->options.sides, generation.options.sides);
    EXPECT_EQ(read->options.interpolation, kind);
    EXPECT_EQ(read->options.scale, 0.1);
    EXPECT_EQ(read->options.position_amplitude, 0);
    EXPECT_EQ(read->options.seed, kSeedLimit - 1);
    EXPECT_EQ(read->dims, 8);
    EXPECT_EQ(read->weights_sha256, generation.weights_sha256);
    EXPECT_EQ(read->algorithm, "streaming:sinks=1,window=2");
    EXPECT_EQ(read->bob_scales, 3);
  }
}

TEST(GenerationTest, AnAbsentScaleOfScoresTravelsAsOneOverTheRootOfD) {
  Generation generation = SmallGeneration();
  generation.dims = 16;
  generation.options.scale.reset();
  EXPECT_EQ(GenerationFromProto(GenerationToProto(generation))->options.scale, 0.25);
}

TEST(GenerationTest, EveryFaultIsNamed) {
  const std::string digest_text = "SHA-256 must have 32 bytes";
  const std::vector<std::pair<Change, std::string>> faults = {
      {Sides({}), "at least 2 scales, the last one Bob's, not 0"},
      {Sides({1}), "at least 2 scales, the last one Bob's, not 1"},
      {Sides(std::vector<int64_t>(65, 1)), "from 1 to 64 scales, not 65"},
      {Sides({2, 4}), "the first scale is X_init, whose side is 1, not 2"},
      {Sides({1, 0}), "side of a scale must be from 1 to 4096, not 0"},
      {Sides({1, 2, -3}), "side of a scale must be from 1 to 4096, not -3"},
      {Sides({1, 4097}), "side of a scale must be from 1 to 4096, not 4097"},
      {Sides({1, int64_t{1} << 62}), "must be from 1 to 4096, not 4611686018427387904"},
      {[](auto& proto) { proto.set_dims(0); }, "d must be from 1 to 4096, not 0"},
      {[](auto& proto) { proto.set_dims(-1); }, "d must be from 1 to 4096, not -1"},
      {[](auto& proto) { proto.set_dims(4097); }, "d must be from 1 to 4096, not 4097"},
      {[](auto& proto) {
         Sides({1, 4096})(proto);
         proto.set_dims(4096);
       },
       "side 4096 in d = 4096 has more than 268435456 numbers"},
      {[](auto& proto) { proto.set_interpolation(""); }, "nearest, bilinear, area, bicubic"},
      {[](auto& proto) { proto.set_interpolation("cubic"); }, "'cubic'"},
      {[](auto& proto) { proto.set_score_scale(0); }, "scale of scores must be finite"},
      {[](auto& proto) { proto.set_score_scale(-1); }, "over 0, not -1"},
      {[](auto& proto) { proto.set_score_scale(std::nan("")); }, "over 0, not nan"},
      {[](auto& proto) { proto.set_score_scale(kInfinity); }, "over 0, not inf"},
      {[](auto& proto) { proto.set_position_amplitude(-1); }, "at least 0, not -1"},
      {[](auto& proto) { proto.set_position_amplitude(std::nan("")); }, "not nan"},
      {[](auto& proto) { proto.set_position_amplitude(kInfinity); }, "not inf"},
      {[](auto& proto) { proto.set_seed(-1); }, "below 9007199254740992, not -1"},
      {[](auto& proto) { proto.set_seed(int64_t{1} << 53); }, "not 9007199254740992"},
      {[](auto& proto) { proto.set_weights_sha256(std::string(31, 'x')); }, digest_text},
      {[](auto& proto) { proto.set_weights_sha256(std::string(33, 'x')); }, digest_text},
      {[](auto& proto) { proto.clear_algorithm(); }, "from 1 to 256 characters, not 0"},
      {[](auto& proto) { proto.set_algorithm(std::string(257, 'x')); }, "characters, not 257"},
      {[](auto& proto) { proto.clear_bob_scales(); }, "from 1 to 3 scales, not 0"},
      {[](auto& proto) { proto.set_bob_scales(-1); }, "from 1 to 3 scales, not -1"},
      {[](auto& proto) { proto.set_bob_scales(4); }, "from 1 to 3 scales, not 4"},
      {[](auto& proto) { proto.set_bob_scales(int64_t{1} << 62); }, "from 1 to 3 scales"},
  };
  for (const auto& [change, words] : faults) {
    EXPECT_THAT(GenerationFromProto(Changed(change)),
                StatusIs(Code::kInvalidArgument, HasSubstr(words)));
  }
}

TEST(GenerationTest, TheLargestOfEverythingIsTaken) {
  const std::vector<Change> largest = {
      Sides(std::vector<int64_t>(64, 1)),
      [](auto& proto) {
        Sides({1, 4096})(proto);
        proto.set_dims(16);
      },
      [](auto& proto) {
        Sides({1, 256})(proto);
        proto.set_dims(4096);
      },
      [](auto& proto) { proto.set_seed((int64_t{1} << 53) - 1); },
      [](auto& proto) { proto.set_score_scale(std::numeric_limits<double>::max()); },
      [](auto& proto) { proto.set_position_amplitude(0); },
      [](auto& proto) { proto.set_algorithm(std::string(256, 'x')); },
      [](auto& proto) { proto.set_bob_scales(3); },
  };
  for (const Change& change : largest) {
    EXPECT_THAT(GenerationFromProto(Changed(change)), IsOk());
  }
}

TEST(GenerationTest, TheDigestChangesWithEachParameter) {
  const std::vector<Change> changes = {
      [](auto&) {},
      Sides({1, 2, 4}),
      Sides({1, 2, 2, 3}),
      [](auto& proto) { proto.set_dims(9); },
      [](auto& proto) { proto.set_interpolation("area"); },
      [](auto& proto) { proto.set_score_scale(std::nextafter(0.25, 1)); },
      [](auto& proto) { proto.set_position_amplitude(std::nextafter(0.5, 1)); },
      [](auto& proto) { proto.set_seed(6); },
      [](auto& proto) { proto.set_weights_sha256(std::string(32, 'x')); },
      [](auto& proto) { proto.set_weights_sha256(std::string(32, 'y')); },
      [](auto& proto) { proto.set_algorithm("float16"); },
      [](auto& proto) { proto.set_bob_scales(2); },
      [](auto& proto) { proto.set_bob_scales(3); },
  };
  std::set<std::string> digests;
  for (const Change& change : changes) {
    const auto generation = GenerationFromProto(Changed(change));
    ASSERT_THAT(generation, IsOk());
    const std::string digest = GenerationDigest(*generation);
    EXPECT_EQ(digest.size(), kParametersDigestBytes);
    EXPECT_EQ(digest, GenerationDigest(*generation));
    digests.insert(digest);
  }
  EXPECT_EQ(digests.size(), changes.size());
}

// SHA-256, by another program, of "kvwire-generation-2 scales=1,2,3 d=8
// interpolation=bilinear scale=0x1p-2 positions=0x1p-1 seed=5 weights= bob=1
// algorithm=exact".
TEST(GenerationTest, TheDigestIsThatOfItsOneSpelling) {
  EXPECT_EQ(absl::BytesToHexString(GenerationDigest(SmallGeneration())),
            "8562fdb25acf87cbf010c4085c4417cf");
}

TEST(GenerationTest, AnAlgorithmIsToldWhatAliceAndBobWillAppendAndOfNoFrame) {
  const v1::CacheParameters cache = CacheParametersOf(SmallGeneration("float16"));
  EXPECT_EQ(cache.algorithm(), "float16");
  EXPECT_EQ(cache.dims(), 8);
  EXPECT_EQ(cache.token_count(), 1 + 4);
  EXPECT_EQ(cache.query_count(), 9);
  EXPECT_EQ(cache.frame(), v1::KEY_FRAME_KIND_UNSPECIFIED);
  EXPECT_EQ(cache.attention(), v1::ATTENTION_KIND_ORDINARY);
  EXPECT_EQ(cache.seed(), 5);
}

TEST(GenerationTest, TheTokensAreAlicesUpToTheHandoverAndBobsFromThereOn) {
  const int64_t alice_tokens[] = {1 + 4, 1, 0};
  const int64_t map_tokens[] = {4, 1, 1};  // of scales 2 and 1, and of X_init
  for (int64_t bob_scales = 1; bob_scales <= 3; ++bob_scales) {
    Generation generation = SmallGeneration();
    generation.bob_scales = bob_scales;
    EXPECT_EQ(generation.handover(), 3 - bob_scales);
    EXPECT_EQ(generation.AliceTokens(), alice_tokens[bob_scales - 1]);
    EXPECT_EQ(generation.BobTokens(), 14 - alice_tokens[bob_scales - 1]);
    EXPECT_EQ(generation.HandoverMapBytes(), map_tokens[bob_scales - 1] * 8 * 4);
    const v1::CacheParameters cache = CacheParametersOf(generation);
    EXPECT_EQ(cache.token_count(), generation.AliceTokens());
    EXPECT_EQ(cache.query_count(), generation.BobTokens());
  }
}

TEST(MakeTransformerTest, WithoutADigestTheWeightsAreSeeded) {
  const Generation generation = SmallGeneration();
  Matrix x_init = Matrix::Constant(1, 8, 3);
  // A file that the service was started with is not asked for.
  ModelWeights model{.weights = SeededVarWeights(99, 8).value(),
                     .sha256 = std::string(32, 'x')};
  for (const std::optional<ModelWeights>& here : {std::optional<ModelWeights>(), {model}}) {
    const auto transformer = MakeTransformer(generation, here, x_init);
    ASSERT_THAT(transformer, IsOk());
    const VarWeights seeded = SeededVarWeights(5, 8).value();
    EXPECT_EQ(transformer->weights().w_q, seeded.w_q);
    EXPECT_EQ(transformer->weights().w_k, seeded.w_k);
    EXPECT_EQ(transformer->weights().w_v, seeded.w_v);
    EXPECT_EQ(transformer->weights().x_init, x_init);
    EXPECT_EQ(transformer->scale(), 0.25);
  }
}

TEST(MakeTransformerTest, WithADigestTheWeightsAreThoseOfThatDigest) {
  Generation generation = SmallGeneration();
  const ModelWeights model{.weights = SeededVarWeights(99, 8).value(),
                           .sha256 = std::string(32, 'x')};
  generation.weights_sha256 = model.sha256;
  const Matrix x_init = Matrix::Constant(1, 8, 3);
  const auto transformer = MakeTransformer(generation, model, x_init);
  ASSERT_THAT(transformer, IsOk());
  EXPECT_EQ(transformer->weights().w_v, model.weights.w_v);
  EXPECT_EQ(transformer->weights().x_init, x_init);
}

TEST(MakeTransformerTest, OtherWeightsOrNoneAreAFailedPreconditionNamingBoth) {
  Generation generation = SmallGeneration();
  generation.weights_sha256 = std::string(32, '\xab');
  const Matrix x_init = Matrix::Zero(1, 8);
  std::string asked;
  for (int i = 0; i < 32; ++i) asked += "ab";
  EXPECT_THAT(MakeTransformer(generation, std::nullopt, x_init),
              StatusIs(Code::kFailedPrecondition,
                       AllOf(HasSubstr(asked), HasSubstr("this service has none"),
                             HasSubstr("--weights FILE"))));
  const ModelWeights other{.weights = SeededVarWeights(99, 8).value(),
                           .sha256 = std::string(32, '\xcd')};
  EXPECT_THAT(MakeTransformer(generation, other, x_init),
              StatusIs(Code::kFailedPrecondition,
                       AllOf(HasSubstr(asked), HasSubstr("this service has cdcdcd"))));
}

TEST(MakeTransformerTest, WeightsOfAnotherDAreInvalid) {
  Generation generation = SmallGeneration();
  const ModelWeights model{.weights = SeededVarWeights(99, 4).value(),
                           .sha256 = std::string(32, 'x')};
  generation.weights_sha256 = model.sha256;
  EXPECT_THAT(MakeTransformer(generation, model, Matrix::Zero(1, 8)),
              StatusIs(Code::kInvalidArgument, HasSubstr("W_Q must be [8, 8], not [4, 4]")));
}

}  // namespace
}  // namespace kvwire
