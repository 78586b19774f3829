#include "common/wire/rows.h"

#include <cstdint>
#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StrEq;

// 1, -2, 1/2 and the largest float, as IEEE 754 says and lowest byte first.
constexpr char kFourNumbers[] =
    "\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f\xff\xff\x7f\x7f";

std::string FourNumbers() { return std::string(kFourNumbers, 16); }

Matrix FourNumberMatrix() {
  Matrix matrix(2, 2);
  matrix << 1, -2, 0.5F, std::numeric_limits<float>::max();
  return matrix;
}

TEST(RowsTest, WritesRowAfterRowInLittleEndian) {
  EXPECT_EQ(RowsToBytes(FourNumberMatrix()), FourNumbers());
}

TEST(RowsTest, WritesAPartOfAMatrixWithoutItsSurroundings) {
  Matrix matrix = Matrix::Constant(4, 5, 77);
  matrix.block(1, 2, 2, 2) = FourNumberMatrix();
  EXPECT_EQ(RowsToBytes(matrix.block(1, 2, 2, 2)), FourNumbers());
  EXPECT_EQ(RowsToBytes(FourNumberMatrix().middleRows(1, 1)), FourNumbers().substr(8));
}

TEST(RowsTest, ReadsWhatItWrites) {
  EXPECT_EQ(RowsFromBytes(FourNumbers(), 2, 2, "keys").value(), FourNumberMatrix());
  const Matrix one_row = RowsFromBytes(FourNumbers(), 1, 4, "keys").value();
  ASSERT_EQ(one_row.rows(), 1);
  EXPECT_EQ(RowsToBytes(one_row), FourNumbers());
}

TEST(RowsTest, NoBytesAreNoRows) {
  const auto empty = RowsFromBytes("", 0, 3, "keys");
  ASSERT_THAT(empty, IsOk());
  EXPECT_EQ(empty->rows(), 0);
  EXPECT_EQ(empty->cols(), 3);
  EXPECT_EQ(RowsToBytes(*empty), "");
}

TEST(RowsTest, RefusesAnyOtherLength) {
  const std::string bytes(64, '\0');
  for (size_t size = 0; size <= bytes.size(); ++size) {
    if (size == 24) continue;
    EXPECT_THAT(RowsFromBytes(bytes.substr(0, size), 2, 3, "the values"),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("the values has " + std::to_string(size) + " bytes"),
                               HasSubstr("not 2 rows x 3 numbers x 4 bytes"))));
  }
}

TEST(RowsTest, RefusesARowCountWhoseProductOverflows) {
  // 2^62 rows of 4 numbers are 2^66 bytes, which is 0 and 64 bits wide.
  for (const int64_t rows :
       {int64_t{1} << 62, (int64_t{1} << 60) + 1, INT64_MAX, int64_t{-1}, INT64_MIN}) {
    for (const size_t size : {0, 16}) {
      EXPECT_THAT(RowsFromBytes(std::string(size, '\0'), rows, 4, "keys"),
                  StatusIs(absl::StatusCode::kInvalidArgument,
                           HasSubstr("not " + std::to_string(rows) + " rows")));
    }
  }
}

TEST(RowsTest, RefusesNumbersThatAreNotFinite) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    for (int at = 0; at < 4; ++at) {
      Matrix matrix = FourNumberMatrix();
      matrix(at / 2, at % 2) = bad;
      EXPECT_THAT(RowsFromBytes(RowsToBytes(matrix), 2, 2, "queries"),
                  StatusIs(absl::StatusCode::kInvalidArgument,
                           StrEq("queries holds a NaN or an infinity")));
    }
  }
}

TEST(RowsTest, AMessageHoldsAMebibyteOfRowsAndAtLeastOne) {
  EXPECT_EQ(RowsPerMessage(1), 262144);
  EXPECT_EQ(RowsPerMessage(64), 4096);
  EXPECT_EQ(RowsPerMessage(100), 2621);
  EXPECT_EQ(RowsPerMessage(65536), 4);
  EXPECT_EQ(RowsPerMessage(262144), 1);
  EXPECT_EQ(RowsPerMessage(1000000), 1);
}

}  // namespace
}  // namespace kvwire
