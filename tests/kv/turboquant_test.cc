#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/kv/algorithms/lloyd_max.h"
#include "common/kv/algorithms/seeded_rotation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/container.h"
#include "tests/kv/decoded_rows.h"
#include "tests/kv/naive_attention.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

double ErrorOfKeys(const std::string& spec, const Matrix& keys) {
  const auto cache = Filled(SetupOf(spec, keys.cols()), {keys, keys});
  return RelativeSquaredError(keys, DecodedTokens(*cache).keys);
}

TEST(TurboquantTest, StateIsTheDocumentedNumberOfBits) {
  for (int64_t bits = 1; bits <= 8; ++bits) {
    for (const int64_t dims : {1, 2, 3, 17, 64, 100}) {
      const CacheSetup setup = SetupOf(absl::StrCat("turboquant:bits=", bits), dims);
      for (const int64_t tokens : {1, 2, 77}) {
        const auto cache = Filled(setup, NormalTokens(tokens, dims, 1));
        EXPECT_EQ(cache->StateBits(), 2 * tokens * (bits * dims + 16));
      }
    }
  }
}

// The measured errors at d = 128, below the paper's bound and above what any quantiser of
// as many bits a number must leave.
TEST(TurboquantTest, HasTheMeasuredErrorsBetweenTheBounds) {
  const double kMeasured[] = {0.3612, 0.1161, 0.0340, 0.0093};
  const Matrix keys = UnitRows(2000, 128, 1);
  for (const std::string rotation : {"hadamard", "dense"}) {
    for (int bits = 1; bits <= 4; ++bits) {
      const double error =
          ErrorOfKeys(absl::StrCat("turboquant:bits=", bits, ",rotation=", rotation), keys);
      EXPECT_GT(error, 0.985 * kMeasured[bits - 1]) << rotation << bits;
      EXPECT_LT(error, 1.015 * kMeasured[bits - 1]) << rotation << bits;
      const double floor = std::pow(4.0, -bits);
      EXPECT_GT(error, floor);
      EXPECT_LT(error, std::sqrt(3) * std::numbers::pi / 2 * floor);
    }
  }
}

// One round mixes a row of one number to numbers of one size, which no codebook suits.
TEST(TurboquantTest, HadamardMissesThePapersBoundOnSparseRowsWhereDenseDoesNot) {
  const double bound = std::sqrt(3) * std::numbers::pi / 2 / 16;
  const Matrix axes = Matrix::Identity(64, 64);
  EXPECT_GT(ErrorOfKeys("turboquant:bits=2", axes), 1.4 * bound);
  EXPECT_LT(ErrorOfKeys("turboquant:bits=2,rotation=dense", axes), 0.75 * bound);
  // At other widths the rows are mixed twice.
  EXPECT_LT(ErrorOfKeys("turboquant:bits=2", Matrix::Identity(63, 63)), 0.8 * bound);
}

TEST(TurboquantTest, RenormalizingHurtsAtOneAndTwoBitsAndHelpsAtThreeAndFour) {
  const Matrix keys = UnitRows(4000, 64, 2);
  const auto ratio = [&](int bits) {
    const std::string spec = absl::StrCat("turboquant:bits=", bits);
    return ErrorOfKeys(spec + ",renormalize=yes", keys) / ErrorOfKeys(spec, keys);
  };
  EXPECT_NEAR(ratio(1), 1.11, 0.02);
  EXPECT_NEAR(ratio(2), 1.017, 0.01);
  EXPECT_NEAR(ratio(3), 0.98, 0.01);
  EXPECT_NEAR(ratio(4), 0.965, 0.015);
}

TEST(TurboquantTest, RenormalizedRowsHaveTheStoredLength) {
  const Matrix keys = NormalMatrix(50, 48, 3);
  const auto lengths = [&](const std::string& spec) {
    const Tokens decoded = DecodedTokens(*Filled(SetupOf(spec, 48), {keys, keys}));
    return (decoded.keys.rowwise().norm().cwiseQuotient(keys.rowwise().norm())).eval();
  };
  const auto kept = lengths("turboquant:bits=2,renormalize=yes");
  EXPECT_GT(kept.minCoeff(), 1 - 0.0005);
  EXPECT_LT(kept.maxCoeff(), 1 + 0.0005);
  EXPECT_LT(lengths("turboquant:bits=2").mean(), 0.96);
}

// Section 0 has the codes of the keys, section 1 their lengths.
TEST(TurboquantTest, StoresTheNearestLevelsOfTheRotatedRowAndItsLength) {
  constexpr int64_t kDims = 24;
  CacheSetup setup = SetupOf("turboquant:bits=3", kDims);
  setup.seed = 11;
  const Tokens tokens = NormalTokens(9, kDims, 4);
  const Container container = ContainerOf(SnapshotOf(*Filled(setup, tokens), setup));
  ASSERT_EQ(container.sections.size(), 4u);
  const auto rotation = SeededRotation::Create(setup.spec, 11, kDims).value();
  const Codebook& codebook = NormalCodebook(3);
  for (int64_t i = 0; i < 9; ++i) {
    std::vector<double> row(tokens.keys.row(i).begin(), tokens.keys.row(i).end());
    rotation->Apply(absl::MakeSpan(row));
    const double norm = tokens.keys.row(i).cast<double>().norm();
    for (int64_t j = 0; j < kDims; ++j) {
      const auto code =
          BitsAt(container.sections[0].body, static_cast<size_t>(3 * (i * kDims + j)), 3);
      const double number = row[j] * std::sqrt(24.0) / norm;
      for (const double level : codebook.levels) {
        EXPECT_LE(std::fabs(number - codebook.levels[code]), std::fabs(number - level));
      }
    }
    const auto half = Eigen::numext::bit_cast<Eigen::half>(static_cast<uint16_t>(
        BitsAt(container.sections[1].body, static_cast<size_t>(16 * i), 16)));
    EXPECT_NEAR(static_cast<float>(half), norm, norm / 2048);
  }
}

TEST(TurboquantTest, ComesNearExactAttentionAtEightBits) {
  for (const int64_t dims : {5, 64}) {
    const Tokens tokens = NormalTokens(200, dims, 5);
    const Matrix queries = NormalMatrix(20, dims, 7) / std::sqrt(static_cast<float>(dims));
    const Eigen::MatrixXd exact = NaiveAttention(queries, tokens.keys, tokens.values, 0);
    double before = 10;
    for (const int bits : {2, 4, 6, 8}) {
      const CacheSetup setup = SetupOf(absl::StrCat("turboquant:bits=", bits), dims);
      const Matrix answers = Attended(*Filled(setup, tokens), queries);
      const double error = (answers.cast<double>() - exact).norm() / exact.norm();
      EXPECT_LT(error, 0.6 * before) << bits;
      before = error;
    }
    EXPECT_GT(before, 0.0005);
    EXPECT_LT(before, 0.02);
  }
}

TEST(TurboquantTest, AZeroKeyWithAValueDecodesToZero) {
  Tokens tokens = NormalTokens(3, 7, 6);
  tokens.keys.row(1).setZero();
  const Tokens decoded = DecodedTokens(*Filled(SetupOf("turboquant", 7), tokens));
  EXPECT_EQ(decoded.keys.row(1).cwiseAbs().maxCoeff(), 0);
  EXPECT_GT(decoded.keys.row(2).cwiseAbs().maxCoeff(), 0);
  EXPECT_GT(decoded.values.row(1).cwiseAbs().maxCoeff(), 0);
}

TEST(TurboquantTest, RefusesARowWhoseLengthBinary16CannotHold) {
  const CacheSetup setup = SetupOf("turboquant", 2);
  Tokens tokens{Matrix::Ones(1, 2), Matrix::Zero(1, 2)};
  tokens.keys << 65504, 1;
  EXPECT_THAT(
      NewCache(setup)->Append(tokens.Block()),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("token 0: a vector of length")));
  std::swap(tokens.keys, tokens.values);
  EXPECT_THAT(NewCache(setup)->Append(tokens.Block()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("65504")));
  tokens.values << 65504, 0;
  EXPECT_THAT(NewCache(setup)->Append(tokens.Block()), IsOk());
}

TEST(TurboquantTest, ANegativeLengthIsDataLoss) {
  const CacheSetup setup = SetupOf("turboquant", 5);
  Container container = ContainerOf(SnapshotOf(*Filled(setup, NormalTokens(3, 5, 8)), setup));
  for (const size_t section : {1, 3}) {
    Container damaged = container;
    damaged.sections[section].body[3] ^= static_cast<char>(0x80);
    EXPECT_THAT(Restore(damaged.Build(), setup),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("length 1 has a minus sign")));
  }
}

TEST(TurboquantTest, RefusesOtherOptions) {
  for (const std::string options : {"bits=0", "bits=9", "renormalize=1", "rotation=none"}) {
    EXPECT_THAT(ParseBuiltInSpec("turboquant:" + options),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(options.substr(0, options.find('=')))));
  }
  EXPECT_THAT(CreateCache(SetupOf("turboquant:rotation=dense", 3000)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2^33")));
}

}  // namespace
}  // namespace kvwire
