// Each problem, whole: what arrives, with every encoding of values and error of outputs.

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/kv/container.h"
#include "tests/reduction/one_way.h"

namespace kvwire {
namespace {

std::vector<ProblemShape> SmallShapes() {
  std::vector<ProblemShape> shapes;
  for (const char* scales : {"1,2,4,8", "2,3,2"}) {
    for (const Problem problem : {Problem::kVar, Problem::kMultiIndex}) {
      shapes.push_back(
          ProblemShape::OverScales(problem, Scales::Parse(scales).value()).value());
    }
  }
  for (const int64_t n : {1, 2, 20}) {
    for (const Problem problem : {Problem::kIndex, Problem::kTensor4}) {
      shapes.push_back(ProblemShape::OfSize(problem, n).value());
    }
  }
  for (const int64_t n : {1, 2, 5}) {
    shapes.push_back(ProblemShape::OfSize(Problem::kTensor2, n).value());
  }
  return shapes;
}

std::vector<Decoding> Decodings() {
  std::vector<Decoding> decodings;
  for (const ValueEncoding encoding : {ValueEncoding::kBits, ValueEncoding::kSigns}) {
    decodings.push_back({.encoding = encoding});
    for (const EtaMode mode : {EtaMode::kWorst, EtaMode::kRandom}) {
      for (const double eta : {0.5, 0.99}) {
        decodings.push_back({.encoding = encoding, .eta = eta, .eta_mode = mode});
      }
    }
  }
  return decodings;
}

TEST(OneWayProblemsTest, EveryBitArrivesWhateverTheProblemTheEncodingAndTheError) {
  for (const std::string algorithm : kZeroErrorAlgorithms) {
    for (const ProblemShape& shape : SmallShapes()) {
      for (const Decoding& decoding : Decodings()) {
        const PublicParameters parameters =
            Make(shape, 24, KeyFrameKind::kUnit, algorithm, decoding);
        const BitVector bits = RandomBits(parameters.payload_bits(), 3);
        const auto message = Message(parameters, bits);
        ASSERT_TRUE(message.ok()) << message.status();
        const auto decoded = Decode(parameters, *message);
        ASSERT_TRUE(decoded.ok()) << decoded.status();
        EXPECT_EQ(decoded->Distance(bits), 0) << CanonicalText(parameters);
      }
    }
  }
}

// The outputs for bits that are all 1 are the whole mass of the real rows: twice the
// threshold if, and only if, the zero tokens weigh what the problem says.
TEST(OneWayProblemsTest, AllOnesAnswerTwiceTheThreshold) {
  for (const ProblemShape& shape : SmallShapes()) {
    PublicParameters parameters = Make(shape, 8, KeyFrameKind::kUnit, "exact");
    // So that the zero tokens have their share.
    parameters.sharpness = 1;
    const int64_t payload_bits = parameters.payload_bits();
    const BitVector ones =
        BitVector::FromBytes(std::string((payload_bits + 7) / 8, '\xff'), payload_bits);
    const KeyFrame frame = MakeFrame(parameters).value();
    const auto check = [&](const std::vector<int64_t>& rows, Matrix& outputs) {
      const Thresholds thresholds =
          Thresholds::Place(frame, 1, rows, shape.ZeroWeight(), Decoding());
      for (int64_t row = 0; row < outputs.rows(); ++row) {
        for (const float output : outputs.row(row)) {
          EXPECT_NEAR(output, 2 * thresholds.tau(row), 1e-5) << CanonicalText(parameters);
          EXPECT_LT(output, 0.99);
        }
      }
    };
    EXPECT_EQ(VisitReplays(parameters, Message(parameters, ones).value(), check),
              absl::OkStatus());
  }
}

// L d bits and a header: the honest minimum is one whatever the problem.
TEST(OneWayProblemsTest, BitplaneSendsThePayloadAndAHeader) {
  for (const ProblemShape& shape : SmallShapes()) {
    const PublicParameters parameters = Make(shape, 24, KeyFrameKind::kUnit, "bitplane");
    const BitVector bits = RandomBits(parameters.payload_bits(), 3);
    const std::string message = Message(parameters, bits).value();
    EXPECT_EQ(BodyOf(message), bits.bytes()) << CanonicalText(parameters);
  }
}

}  // namespace
}  // namespace kvwire
