#include "common/kv/token_group_codec.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

Matrix RoundTrip(const RowCodec& codec, const Matrix& rows) {
  std::vector<PackedBits> fields(codec.fields().size());
  std::vector<PackedBits*> out;
  for (PackedBits& field : fields) out.push_back(&field);
  codec.Encode(rows, out);
  std::vector<BitReader> in;
  for (size_t i = 0; i < fields.size(); ++i) {
    EXPECT_EQ(fields[i].bits(), codec.fields()[i].bits);
    EXPECT_THAT(codec.CheckField(i, fields[i]), IsOk());
    in.emplace_back(fields[i], 0);
  }
  Matrix decoded(rows.rows(), rows.cols());
  codec.Decode(absl::MakeSpan(in), decoded);
  return decoded;
}

TEST(TokenGroupCodecTest, BitsComeBackExactlyAtAnyWidthGroupAndCodeLength) {
  std::mt19937_64 random(1);
  for (const int64_t width : {1, 2, 3, 31, 32, 33, 64, 65}) {
    for (const int64_t group : {1, 2, 3, 32, 1000}) {
      for (int bits = 1; bits <= 8; ++bits) {
        const TokenGroupCodec codec({.width = width, .code_bits = bits, .group = group});
        for (const float zero : {0.0F, -1.0F}) {
          Matrix row(1, width);
          for (float& x : row.reshaped()) x = random() % 2 == 0 ? zero : 1.0F;
          EXPECT_EQ(RoundTrip(codec, row), row) << width << " " << group << " " << bits;
        }
        EXPECT_EQ(RoundTrip(codec, Matrix::Ones(1, width)), Matrix::Ones(1, width));
        EXPECT_EQ(RoundTrip(codec, Matrix::Zero(1, width)), Matrix::Zero(1, width));
      }
    }
  }
}

// All 2^7 rows of seven bits, in groups of three, three and one.
TEST(TokenGroupCodecTest, EveryRowOfSevenBitsHasCodesOfItsOwn) {
  const TokenGroupCodec codec({.width = 7, .code_bits = 1, .group = 3});
  for (int input = 0; input < 128; ++input) {
    Matrix row(1, 7);
    for (int j = 0; j < 7; ++j) row(0, j) = static_cast<float>(input >> j & 1);
    EXPECT_EQ(RoundTrip(codec, row), row) << input;
  }
}

TEST(TokenGroupCodecTest, NumbersAreWithinHalfAStepOfTheirOwnGroup) {
  std::mt19937_64 random(2);
  for (const int64_t width : {3, 33, 64}) {
    for (int bits = 1; bits <= 8; ++bits) {
      constexpr int64_t kGroup = 32;
      const Matrix rows = RandomMatrix(5, width, random);
      const TokenGroupCodec codec(
          {.width = width, .code_bits = bits, .group = kGroup, .group_rows = 5});
      const Matrix decoded = RoundTrip(codec, rows);
      for (int64_t i = 0; i < 5; ++i) {
        for (int64_t first = 0; first < width; first += kGroup) {
          const auto group = rows.row(i).segment(first, std::min(kGroup, width - first));
          const auto answer = decoded.row(i).segment(first, group.size());
          // The ends are within an ulp of binary16, 2^-9 below 2.
          const double step =
              (static_cast<double>(group.maxCoeff()) - group.minCoeff() + 0.004) /
              ((1 << bits) - 1);
          EXPECT_LE((group - answer).cwiseAbs().maxCoeff(), step / 2);
        }
      }
    }
  }
}

TEST(TokenGroupCodecTest, AGroupOfRowsIsCodedRowByRow) {
  std::mt19937_64 random(3);
  const Matrix rows = RandomMatrix(4, 10, random);
  const Matrix together =
      RoundTrip(TokenGroupCodec({.width = 10, .group = 4, .group_rows = 4}), rows);
  const TokenGroupCodec single({.width = 10, .group = 4});
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(RoundTrip(single, rows.row(i)), together.row(i));
}

TEST(TokenGroupCodecTest, ClippedEndsCutOffWhatIsOutside) {
  const TokenGroupCodec codec({.width = 4, .code_bits = 2, .group = 4, .clip = 0.5});
  Matrix row(1, 4);
  row << -6, -1, 1, 6;
  Matrix expected(1, 4);
  expected << -3, -1, 1, 3;
  EXPECT_EQ(RoundTrip(codec, row), expected);
}

TEST(TokenGroupCodecTest, EndsOfEightBitsTakeHalfTheBitsAndAreRefusedOutOfRange) {
  const TokenGroupCodec codec({.width = 4, .group = 4, .ends = SmallFloat::kE4M3});
  EXPECT_EQ(codec.fields()[1].bits, 16);
  Matrix row(1, 4);
  row << -448, 0, 1, 448;
  EXPECT_EQ(RoundTrip(codec, row)(0, 0), -448);
  EXPECT_EQ(RoundTrip(codec, row)(0, 3), 448);
  const std::vector<float> largest = {448, -448, 0, 0};
  const std::vector<float> larger = {0, 0, -449, 0};
  EXPECT_THAT(codec.CheckRow(largest), IsOk());
  EXPECT_THAT(codec.CheckRow(larger), StatusIs(absl::StatusCode::kInvalidArgument,
                                               HasSubstr("over the range of 448")));
  const TokenGroupCodec clipped(
      {.width = 4, .group = 4, .clip = 0.5, .ends = SmallFloat::kE4M3});
  EXPECT_THAT(clipped.CheckRow(std::vector<float>{896, 0, 0, 0}), IsOk());
  EXPECT_THAT(clipped.CheckRow(std::vector<float>{897, 0, 0, 0}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("clipped to 0.5 of it")));
  const TokenGroupCodec half({.width = 4, .group = 4});
  EXPECT_THAT(half.CheckRow(std::vector<float>{65519, -65519, 0, 0}), IsOk());
}

}  // namespace
}  // namespace kvwire
