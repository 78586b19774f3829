// Answers of a Bob that the driver must not take on trust: L d = 5 x 16 = 80 bits in 10
// bytes, and 80 confidences.

#include <cmath>
#include <string>
#include <vector>

#include "common/reduction/soft_floor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_parties.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Code = absl::StatusCode;

RunRequest SmallRequest() {
  RunRequest request{.parameters = {.shape = ProblemShape::Var(*Scales::Pyramid(4)),
                                    .dims = 16,
                                    .sharpness = 20,
                                    .algorithm = "exact"},
                     .payload = BitVector(80),
                     .masked = false};
  // Ones at the first 20 positions.
  for (int64_t i = 0; i < 20; ++i) request.payload.Set(i, true);
  return request;
}

// What the driver makes of a Bob who answers with these, in pieces of so many bytes.
absl::StatusOr<RunResult> AfterAnswer(const std::string& bits, const std::string& confidences,
                                      size_t piece_bytes = 1000) {
  FakeParties parties;
  parties.bob.decode = [&](const v1::DecodeRequest& request, FakeBob::DecodeWriter& writer) {
    EXPECT_TRUE(request.all());
    EXPECT_TRUE(request.confidences());
    for (size_t at = 0; at < confidences.size(); at += piece_bytes) {
      v1::DecodeResponse piece;
      piece.set_confidences(confidences.substr(at, piece_bytes));
      writer.Write(piece);
    }
    for (size_t at = 0; at < bits.size(); at += piece_bytes) {
      v1::DecodeResponse piece;
      piece.set_bits(bits.substr(at, piece_bytes));
      writer.Write(piece);
    }
    return grpc::Status::OK;
  };
  Driver driver(parties.services);
  const absl::Status connected = driver.Connect();
  if (!connected.ok()) return connected;
  auto result = driver.Run(SmallRequest());
  EXPECT_THAT(parties.bob.closed(1), SizeIs(1));
  return result;
}

const std::string kBits = std::string("\xff\xff\x0f", 3) + std::string(7, '\0');
const std::string kSure(80, '\x0f');

// As many positions of one bin, all right: the floor of a KT code.
double FloorOfOneBin(int64_t positions) {
  double code_length = 0;
  for (int64_t right = 0; right < positions; ++right) {
    code_length -= std::log2((static_cast<double>(right) + 0.5) / (right + 1.0));
  }
  return static_cast<double>(positions) - code_length;
}

TEST(DriverAnswersTest, ConfidencesAndBitsMakeTheSoftFloor) {
  for (const size_t piece : {1, 7, 1000}) {
    const auto result = AfterAnswer(kBits, kSure, piece);
    ASSERT_THAT(result, IsOk());
    EXPECT_EQ(result->bit_errors, 0);
    EXPECT_NEAR(result->soft_floor_bits, FloorOfOneBin(80), 1e-4);
  }
}

TEST(DriverAnswersTest, ConfidencesStandForTheBitsInTheirPlace) {
  // Bob is wrong at the first 20 positions: known by a bin of their own, that proves as
  // much as if he were right.
  const std::string zeros(10, '\0');
  const std::string told_apart = std::string(20, '\x03') + std::string(60, '\x0c');
  const auto apart = AfterAnswer(zeros, told_apart);
  ASSERT_THAT(apart, IsOk());
  EXPECT_EQ(apart->bit_errors, 20);
  EXPECT_NEAR(apart->soft_floor_bits, FloorOfOneBin(20) + FloorOfOneBin(60), 1e-4);
  const auto mixed = AfterAnswer(zeros, std::string(80, '\0'));
  ASSERT_THAT(mixed, IsOk());
  EXPECT_LT(mixed->soft_floor_bits, apart->soft_floor_bits - 40);
}

TEST(DriverAnswersTest, AConfidenceThatIsNoneIsAnInternalError) {
  for (const int bin : {kConfidenceBins, 128, 255}) {
    std::string confidences = kSure;
    confidences[79] = static_cast<char>(bin);
    EXPECT_THAT(AfterAnswer(kBits, confidences),
                StatusIs(Code::kInternal,
                         HasSubstr("confidence " + std::to_string(bin) + " is not below 16")));
  }
}

TEST(DriverAnswersTest, AWrongNumberOfConfidencesIsAnInternalError) {
  for (const size_t count : {0, 1, 79}) {
    EXPECT_THAT(
        AfterAnswer(kBits, std::string(count, '\x0f')),
        StatusIs(Code::kInternal, AllOf(HasSubstr("10 bytes"), HasSubstr("80 questions"),
                                        HasSubstr(std::to_string(count) + " confidences"))));
  }
  for (const size_t count : {81, 1000, 10000}) {
    EXPECT_THAT(AfterAnswer(kBits, std::string(count, '\x0f'), 50),
                StatusIs(Code::kInternal, HasSubstr("confidences to 80 questions")));
  }
}

TEST(DriverAnswersTest, AWrongNumberOfBitsIsAnInternalError) {
  for (const size_t bytes : {0, 9, 11, 100000}) {
    EXPECT_THAT(AfterAnswer(std::string(bytes, '\0'), kSure),
                StatusIs(Code::kInternal, HasSubstr("confidences to 80 questions")));
  }
}

TEST(DriverAnswersTest, AListIsAskedForWithoutConfidences) {
  FakeParties parties;
  bool audited = false;
  parties.bob.decode = [&](const v1::DecodeRequest& request, FakeBob::DecodeWriter& writer) {
    audited = audited || request.all();
    EXPECT_EQ(request.confidences(), request.all());
    v1::DecodeResponse piece;
    if (request.confidences()) piece.set_confidences(kSure);
    piece.set_bits(request.all() ? kBits : std::string(1, '\x01'));
    writer.Write(piece);
    return grpc::Status::OK;
  };
  Driver driver(parties.services);
  ASSERT_THAT(driver.Connect(), IsOk());
  RunRequest request = SmallRequest();
  request.question = {.all = false, .positions = {0, 79}};
  const auto result = driver.Run(request);
  ASSERT_THAT(result, IsOk());
  EXPECT_TRUE(audited);
  EXPECT_EQ(result->asked_errors, 0);
}

TEST(DriverAnswersTest, ConfidencesThatNobodyAskedForAreAnInternalError) {
  FakeParties parties;
  parties.bob.decode = [&](const v1::DecodeRequest&, FakeBob::DecodeWriter& writer) {
    v1::DecodeResponse piece;
    piece.set_confidences("\x01");
    piece.set_bits(std::string(1, '\0'));
    writer.Write(piece);
    return grpc::Status::OK;
  };
  Driver driver(parties.services);
  ASSERT_THAT(driver.Connect(), IsOk());
  RunRequest request = SmallRequest();
  request.question = {.all = false, .positions = {0}};
  EXPECT_THAT(driver.Run(request),
              StatusIs(Code::kInternal, HasSubstr("1 confidences to 1 questions")));
}

}  // namespace
}  // namespace kvwire
