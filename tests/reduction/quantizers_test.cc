// Quantisers in the reduction: what they cost beyond what Alice says, and what Bob reads.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/reduction/one_way.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

// n = 32, L = 341, d = 64, as in the tables of quantisers' errors.
constexpr int64_t kTokens = 341;
constexpr int64_t kDims = 64;

struct Outcome {
  double bits_per_payload_bit = 0;
  double error = 0;
};

Outcome Read(const std::string& algorithm, int64_t dims, KeyFrameKind frame, uint64_t seed,
             ValueEncoding encoding = ValueEncoding::kBits) {
  Decoding decoding;
  decoding.encoding = encoding;
  PublicParameters parameters = Make(Pyramid(32), dims, frame, algorithm, decoding);
  parameters.seed = seed;
  parameters.sharpness = PaperSharpness(parameters.shape, decoding);
  const BitVector bits = RandomBits(parameters.payload_bits(), seed + 100);
  const std::string message = Message(parameters, bits).value();
  const CacheSetup setup = SetupOf(parameters).value();
  auto reader = SnapshotReader::Create(setup).value();
  EXPECT_THAT(reader->Append(message), IsOk());
  const auto payload = static_cast<double>(parameters.payload_bits());
  Outcome outcome;
  outcome.bits_per_payload_bit =
      static_cast<double>(reader->Finish().value()->StateBits()) / payload;
  const BitVector read = Decode(parameters, message).value();
  for (int64_t i = 0; i < parameters.payload_bits(); ++i) {
    outcome.error += read.Get(i) != bits.Get(i) ? 1 / payload : 0;
  }
  return outcome;
}

// Codes and two 16-bit ends a group of 32, for keys and values: 2 (b + 32 / 32) bits.
TEST(QuantizersTest, EveryBitIsReadAtTwiceTheBitsOfANumber) {
  for (const auto& [bits, ratio] : {std::pair{8, 18.0}, {4, 10.0}, {2, 6.0}}) {
    const std::string algorithm =
        "skvq:clip=1,group=32,sinks=0,window=0,bits=" + std::to_string(bits);
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      const Outcome outcome = Read(algorithm, kDims, KeyFrameKind::kUnit, seed);
      EXPECT_EQ(outcome.bits_per_payload_bit, ratio);
      EXPECT_EQ(outcome.error, 0) << algorithm;
    }
  }
}

TEST(QuantizersTest, EveryBitIsReadThroughTheOthersAtTheirRatios) {
  const std::vector<std::pair<std::string, double>> cases = {
      {"bfloat16", 32},
      {"q8_0", 17},
      {"q4_0", 9},
      // 320 keys and 309 values of 341 at 3 bits, the others at 16.
      {"kivi:residual=32", (3.0 * (320 + 309) + 16 * (21 + 32)) / kTokens},
      {"kivi", (3.0 * (256 + 213) + 16 * (85 + 128)) / kTokens},
      // 16 bits for 133 tokens, 2 + 32 / 64 for 208.
      {"skvq", 2 * (16 * 133 + 2.5 * 208) / kTokens},
      // 32 bits for 132 tokens; 128 keys and 81 values of the others at 3 bits.
      {"kivi+window", (2 * 32 * 132 + 3.0 * (128 + 81) + 16 * (81 + 128)) / kTokens}};
  for (const auto& [algorithm, ratio] : cases) {
    for (const auto encoding : {ValueEncoding::kBits, ValueEncoding::kSigns}) {
      for (uint64_t seed = 1; seed <= 2; ++seed) {
        const Outcome outcome = Read(algorithm, kDims, KeyFrameKind::kUnit, seed, encoding);
        EXPECT_NEAR(outcome.bits_per_payload_bit, ratio, 1e-9) << algorithm;
        EXPECT_EQ(outcome.error, 0) << algorithm;
      }
    }
  }
}

// Where dimensions are few, keys of two bits are read worse than those of eight, and KIVI's
// worse than those quantised by token.
TEST(QuantizersTest, InFewDimensionsTheBitsOfKeysMatter) {
  const auto error = [](const std::string& algorithm) {
    double sum = 0;
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      sum += Read(algorithm, 12, KeyFrameKind::kUnit, seed).error / 5;
    }
    return sum;
  };
  const std::string by_token = "skvq:clip=1,group=32,sinks=0,window=0,bits=";
  EXPECT_EQ(error(by_token + "8"), 0);
  EXPECT_LT(error(by_token + "4"), 0.001);
  const double two_bits = error(by_token + "2");
  EXPECT_GT(two_bits, 0.002);
  EXPECT_LT(two_bits, 0.015);
  const double kivi = error("kivi:residual=32");
  EXPECT_GT(kivi, 0.015);
  EXPECT_LT(kivi, 0.06);
}

}  // namespace
}  // namespace kvwire
