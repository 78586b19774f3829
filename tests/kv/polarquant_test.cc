#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/container.h"
#include "tests/kv/decoded_rows.h"
#include "tests/kv/naive_attention.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

// Bits of a row, block by block.
int64_t RowBits(int64_t dims, int64_t first, int64_t deep) {
  int64_t bits = 0;
  for (int64_t size = 16; dims > 0;) {
    if (size > dims) {
      size /= 2;
      continue;
    }
    dims -= size;
    bits += 16;
    for (int64_t angles = size / 2; angles > 0; angles /= 2) {
      bits += angles * (angles == size / 2 ? first : deep);
    }
  }
  return bits;
}

TEST(PolarquantTest, TakesSixtyTwoBitsForSixteenNumbers) {
  const auto cache = Filled(SetupOf("polarquant", 64), NormalTokens(10, 64, 1));
  EXPECT_EQ(cache->StateBits(), 2 * 10 * 64 * 62 / 16);
}

TEST(PolarquantTest, StateIsTheDocumentedNumberOfBits) {
  for (const auto& [first, deep] : {std::pair<int64_t, int64_t>{4, 2}, {2, 1}, {8, 5}}) {
    for (int64_t dims = 1; dims <= 50; ++dims) {
      const CacheSetup setup =
          SetupOf(absl::StrCat("polarquant:first=", first, ",deep=", deep), dims);
      const auto cache = Filled(setup, NormalTokens(3, dims, 1));
      const int64_t halves = dims / 2;
      const int64_t blocks =
          dims / 16 + __builtin_popcountll(static_cast<uint64_t>(dims % 16));
      EXPECT_EQ(cache->StateBits(), 2 * 3 * RowBits(dims, first, deep));
      EXPECT_EQ(cache->StateBits(),
                2 * 3 * (first * halves + deep * (halves - blocks + dims % 2) + 16 * blocks));
    }
  }
}

double ErrorOfKeys(const std::string& spec, const Matrix& keys) {
  const auto cache = Filled(SetupOf(spec, keys.cols()), {keys, keys});
  return RelativeSquaredError(keys, DecodedTokens(*cache).keys);
}

TEST(PolarquantTest, MissesRowsByThreePercent) {
  for (const int64_t dims : {48, 64, 128}) {
    for (const std::string rotation : {"hadamard", "dense"}) {
      const double error =
          ErrorOfKeys("polarquant:rotation=" + rotation, UnitRows(4000, dims, 2));
      EXPECT_GT(error, 0.0312) << rotation << dims;
      EXPECT_LT(error, 0.0328) << rotation << dims;
    }
  }
}

TEST(PolarquantTest, SmallBlocksOfOddRowsAreNearer) {
  const double error = ErrorOfKeys("polarquant", UnitRows(4000, 3, 2));
  EXPECT_GT(error, 0.007);
  EXPECT_LT(error, 0.010);
}

TEST(PolarquantTest, ASingleNumberIsBinary16WithItsSign) {
  Matrix keys(4, 1);
  keys << 1, -1, 0.1F, -3000.7F;
  const auto cache = Filled(SetupOf("polarquant", 1), {keys, keys});
  EXPECT_EQ(cache->StateBits(), 2 * 4 * 16);
  const Tokens decoded = DecodedTokens(*cache);
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(decoded.keys(i, 0), keys(i, 0), std::fabs(keys(i, 0)) / 2048);
  }
}

TEST(PolarquantTest, ComesNearExactAttentionAtEightBits) {
  for (const int64_t dims : {5, 64}) {
    const Tokens tokens = NormalTokens(200, dims, 5);
    const Matrix queries = NormalMatrix(20, dims, 7) / std::sqrt(static_cast<float>(dims));
    const Eigen::MatrixXd exact = NaiveAttention(queries, tokens.keys, tokens.values, 0);
    double before = 10;
    for (const std::string options :
         {"first=2,deep=1", "first=4,deep=2", "first=6,deep=4", "first=8,deep=8"}) {
      const CacheSetup setup = SetupOf("polarquant:" + options, dims);
      const Matrix answers = Attended(*Filled(setup, tokens), queries);
      const double error = (answers.cast<double>() - exact).norm() / exact.norm();
      EXPECT_LT(error, 0.6 * before) << options;
      before = error;
    }
    EXPECT_GT(before, 0.001);
    EXPECT_LT(before, 0.02);
  }
}

TEST(PolarquantTest, AZeroKeyWithAValueDecodesToZero) {
  Tokens tokens = NormalTokens(3, 19, 6);
  tokens.keys.row(1).setZero();
  const Tokens decoded = DecodedTokens(*Filled(SetupOf("polarquant", 19), tokens));
  EXPECT_EQ(decoded.keys.row(1).cwiseAbs().maxCoeff(), 0);
  EXPECT_GT(decoded.keys.row(2).cwiseAbs().maxCoeff(), 0);
  EXPECT_GT(decoded.values.row(1).cwiseAbs().maxCoeff(), 0);
}

TEST(PolarquantTest, RefusesARowWhoseLengthBinary16CannotHold) {
  const CacheSetup setup = SetupOf("polarquant", 2);
  Tokens tokens{Matrix::Ones(1, 2), Matrix::Zero(1, 2)};
  tokens.keys << 65504, -1;
  EXPECT_THAT(
      NewCache(setup)->Append(tokens.Block()),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("token 0: a vector of length")));
  tokens.keys << 0, -65504;
  EXPECT_THAT(NewCache(setup)->Append(tokens.Block()), IsOk());
}

// d = 5: a block of four and a single number, whose radius has a sign.
TEST(PolarquantTest, ASignWhereNoneCanBeIsDataLoss) {
  const CacheSetup setup = SetupOf("polarquant", 5);
  const Container container =
      ContainerOf(SnapshotOf(*Filled(setup, NormalTokens(3, 5, 8)), setup));
  ASSERT_EQ(container.sections.size(), 6u);
  for (const size_t section : {2, 5}) {
    Container damaged = container;
    std::string& radii = damaged.sections[section].body;
    radii[5] ^= static_cast<char>(0x80);
    radii[7] ^= static_cast<char>(0x80);
    EXPECT_THAT(Restore(damaged.Build(), setup),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("length 2 has a minus sign")));
    radii[5] ^= static_cast<char>(0x80);
    EXPECT_THAT(Restore(damaged.Build(), setup), IsOk());
    radii[6] = 0;
    radii[7] = static_cast<char>(0x80);
    EXPECT_THAT(Restore(damaged.Build(), setup),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("length 3 has a minus sign")));
  }
}

TEST(PolarquantTest, RefusesOtherOptions) {
  for (const std::string options :
       {"first=1", "first=9", "deep=0", "deep=9", "rotation=none"}) {
    EXPECT_THAT(ParseBuiltInSpec("polarquant:" + options),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(options.substr(0, options.find('=')))));
  }
  EXPECT_THAT(CreateCache(SetupOf("polarquant:rotation=dense", 3000)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2^33")));
}

}  // namespace
}  // namespace kvwire
