// The whole reduction in one process: every bit arrives, and no two payloads share a
// message.

#include "tests/reduction/one_way.h"

#include <cmath>
#include <cstdint>
#include <set>
#include <string>

#include "common/reduction/bounds.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

// The counting argument, run: as many messages as payloads, each decoded.
void ExpectEveryPayloadHasItsOwnMessage(const PublicParameters& parameters) {
  SCOPED_TRACE(CanonicalText(parameters));
  ASSERT_EQ(parameters.payload_bits(), 8);
  std::set<std::string> messages;
  for (int payload = 0; payload < 256; ++payload) {
    const BitVector bits = BitVector::FromBytes(std::string(1, static_cast<char>(payload)), 8);
    const auto message = Message(parameters, bits);
    ASSERT_TRUE(message.ok()) << message.status();
    messages.insert(*message);
    const auto answers = Decode(parameters, *message);
    ASSERT_TRUE(answers.ok()) << answers.status();
    EXPECT_EQ(answers->Distance(bits), 0) << payload;
  }
  EXPECT_EQ(messages.size(), 256u);
}

TEST(OneWayTest, EightBitsNeed256MessagesOfEveryZeroErrorAlgorithm) {
  for (const std::string algorithm : kZeroErrorAlgorithms) {
    const auto check = [&](const char* scales, int64_t dims, KeyFrameKind kind) {
      ExpectEveryPayloadHasItsOwnMessage(
          Make(ProblemShape::Var(Scales::Parse(scales).value()), dims, kind, algorithm));
    };
    check("1,2", 8, KeyFrameKind::kUnit);
    check("1,1,2", 4, KeyFrameKind::kUnit);
    check("2,2", 2, KeyFrameKind::kCode);
    check("2,1", 2, KeyFrameKind::kCode);  // four replays
    check("1,1", 8, KeyFrameKind::kGaussian);
  }
}

TEST(OneWayTest, EightBitsNeed256MessagesOutsideOfScalesToo) {
  for (const std::string algorithm : kZeroErrorAlgorithms) {
    for (const ValueEncoding encoding : {ValueEncoding::kBits, ValueEncoding::kSigns}) {
      const auto check = [&](Problem problem, int64_t n, int64_t dims) {
        ExpectEveryPayloadHasItsOwnMessage(Make(ProblemShape::OfSize(problem, n).value(), dims,
                                                KeyFrameKind::kCode, algorithm,
                                                {.encoding = encoding}));
      };
      check(Problem::kIndex, 4, 2);
      check(Problem::kIndex, 1, 8);
      check(Problem::kTensor4, 4, 2);
      check(Problem::kTensor4, 2, 4);
      check(Problem::kTensor2, 2, 2);
    }
  }
}

TEST(OneWayTest, BobReadsEveryBitOffEachZeroErrorAlgorithm) {
  for (const std::string algorithm : kZeroErrorAlgorithms) {
    for (const int64_t side : {2, 4, 8}) {
      const PublicParameters parameters =
          Make(Pyramid(side), 16, KeyFrameKind::kUnit, algorithm);
      for (uint64_t seed = 0; seed < 4; ++seed) {
        const BitVector bits = RandomBits(parameters.payload_bits(), seed);
        const std::string message = Message(parameters, bits).value();
        EXPECT_EQ(Decode(parameters, message).value().Distance(bits), 0)
            << CanonicalText(parameters);
        const auto message_bits = static_cast<int64_t>(8 * message.size());
        EXPECT_LE(LeakBits(parameters.payload_bits(), 0, message_bits), 0);
      }
    }
  }
}

TEST(OneWayTest, BobReadsEveryBitWhateverTheScaleOfTheAlgorithmsScores) {
  for (const char* algorithm :
       {"exact:scale=rsqrt", "bitplane:scale=3", "streaming:scale=0.1"}) {
    const PublicParameters parameters = Make(Pyramid(8), 16, KeyFrameKind::kUnit, algorithm);
    const BitVector bits = RandomBits(parameters.payload_bits(), 1);
    const std::string message = Message(parameters, bits).value();
    EXPECT_EQ(Decode(parameters, message).value().Distance(bits), 0) << algorithm;
  }
}

TEST(OneWayTest, PayloadsOfOneColourAreReadTooAndSoIsASingleBit) {
  const PublicParameters parameters = Make(Pyramid(4), 8, KeyFrameKind::kUnit, "exact");
  const int64_t size_bits = parameters.payload_bits();
  for (const bool background : {false, true}) {
    for (int64_t position = -1; position < size_bits; ++position) {
      BitVector bits(size_bits);
      for (int64_t i = 0; i < size_bits; ++i) bits.Set(i, background != (i == position));
      const std::string message = Message(parameters, bits).value();
      EXPECT_EQ(Decode(parameters, message).value().Distance(bits), 0);
    }
  }
}

TEST(OneWayTest, ALastScaleSmallerThanThePayloadIsReplayed) {
  const PublicParameters parameters = Make(
      ProblemShape::Var(Scales::Parse("1,2,3,4,3").value()), 16, KeyFrameKind::kUnit, "exact");
  EXPECT_EQ(parameters.shape.replays(), 4);
  const BitVector bits = RandomBits(parameters.payload_bits(), 5);
  const std::string message = Message(parameters, bits).value();
  EXPECT_EQ(Decode(parameters, message).value().Distance(bits), 0);
}

// All bits by the paper's threshold.
BitVector DecodeAtOneHalf(const PublicParameters& parameters, const std::string& message) {
  BitVector bits(parameters.payload_bits());
  const absl::Status status = VisitReplays(
      parameters, message, [&](const std::vector<int64_t>& rows, Matrix& outputs) {
        for (int64_t i = 0; i < outputs.size(); ++i) {
          bits.Set(rows.front() * parameters.dims + i, outputs.data()[i] > 0.5f);
        }
      });
  EXPECT_EQ(status, absl::OkStatus());
  return bits;
}

// The error rates of both thresholds on n = 32 at C = 0.75 ln(L + n^2 - 1), where
// the zero tokens hold most of the mass.
std::pair<double, double> ErrorsAtLowSharpness(int64_t dims) {
  PublicParameters parameters{.shape = Pyramid(32),
                              .dims = dims,
                              .seed = 11,
                              .sharpness = 0.75 * std::log(341 + 1024 - 1),
                              .algorithm = "exact"};
  const BitVector bits = RandomBits(parameters.payload_bits(), 5);
  const std::string message = Message(parameters, bits).value();
  const auto rate = [&bits](const BitVector& decoded) {
    return static_cast<double>(decoded.Distance(bits)) / static_cast<double>(bits.size_bits());
  };
  return {rate(Decode(parameters, message).value()),
          rate(DecodeAtOneHalf(parameters, message))};
}

TEST(OneWayTest, HalfMassDecodesWhereAFixedHalfIsACoinToss) {
  const auto [half_mass, fixed_half] = ErrorsAtLowSharpness(64);
  EXPECT_EQ(half_mass, 0);
  EXPECT_GT(fixed_half, 0.48);
  EXPECT_LT(fixed_half, 0.51);
}

TEST(OneWayTest, HalfMassErrsAsMeasuredWhereInterferenceIsTooLarge) {
  const auto [half_mass, fixed_half] = ErrorsAtLowSharpness(16);
  EXPECT_GT(half_mass, 0.002);
  EXPECT_LT(half_mass, 0.012);
  EXPECT_GT(fixed_half, 0.47);
  EXPECT_LT(fixed_half, 0.51);
}

}  // namespace
}  // namespace kvwire
