#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/naive_attention.h"
#include "tests/kv/visited_rows.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

struct Options {
  int bits = 2;
  int64_t group = 32;
  int64_t residual = 128;

  std::string Spec() const {
    return "kivi:bits=" + std::to_string(bits) + ",group=" + std::to_string(group) +
           ",residual=" + std::to_string(residual);
  }
};

double ToHalf(double number) { return static_cast<float>(Eigen::half(number)); }

// The paper's quantiser on numbers that binary16 holds: min and s, round, and back.
void Quantise(std::vector<double*> numbers, int bits) {
  double low = *numbers.front();
  double high = low;
  for (const double* x : numbers) {
    low = std::min(low, *x);
    high = std::max(high, *x);
  }
  if (low == high) return;
  // Wide enough that halves are halves; they go up.
  const long double last = (1 << bits) - 1;
  const long double range = static_cast<long double>(high) - low;
  for (double* x : numbers) {
    const long double code = std::floor((*x - low) * last / range + 0.5L);
    *x = static_cast<double>(low + range * code / last);
  }
}

struct Rounded {
  Eigen::MatrixXd keys;
  Eigen::MatrixXd values;
};

// What KIVI has made of a stream of tokens, all at once from the definition: of the keys
// the first n - n mod R, by channel in groups of G tokens, of the values the first n - R, by
// token in groups of G channels.
Rounded Oracle(const Tokens& tokens, const Options& options) {
  const int64_t n = tokens.keys.rows();
  const int64_t d = tokens.keys.cols();
  Rounded rounded{tokens.keys.cast<double>(), tokens.values.cast<double>()};
  for (double& x : rounded.keys.reshaped()) x = ToHalf(x);
  for (double& x : rounded.values.reshaped()) x = ToHalf(x);
  for (int64_t first = 0; first < n - n % options.residual; first += options.group) {
    for (int64_t j = 0; j < d; ++j) {
      std::vector<double*> group;
      for (int64_t i = 0; i < options.group; ++i) {
        group.push_back(&rounded.keys(first + i, j));
      }
      Quantise(group, options.bits);
    }
  }
  for (int64_t i = 0; i < n - options.residual; ++i) {
    for (int64_t first = 0; first < d; first += options.group) {
      std::vector<double*> group;
      for (int64_t j = first; j < std::min(d, first + options.group); ++j) {
        group.push_back(&rounded.values(i, j));
      }
      Quantise(group, options.bits);
    }
  }
  return rounded;
}

int64_t FormulaBits(int64_t n, int64_t d, const Options& o) {
  const int64_t keys = n - n % o.residual;
  const int64_t values = std::max<int64_t>(0, n - o.residual);
  const int64_t value_groups = (d + o.group - 1) / o.group;
  return keys * d * o.bits + keys / o.group * d * 32 + values * d * o.bits +
         values * value_groups * 32 + (2 * n - keys - values) * d * 16;
}

const Options kOptions[] = {{2, 32, 128}, {4, 32, 32}, {1, 1, 1}, {3, 5, 20},
                            {8, 4, 8},    {2, 3, 3},   {5, 7, 7}};

TEST(KiviTest, KeepsWhatThePaperSaysAfterEveryToken) {
  std::mt19937_64 random(1);
  for (const Options& options : kOptions) {
    for (const int64_t d : {3, 35}) {
      const Tokens tokens{RandomMatrix(300, d, random), RandomMatrix(300, d, random)};
      auto cache = NewCache(SetupOf(options.Spec(), d));
      for (int64_t n = 1; n <= 300; ++n) {
        ASSERT_THAT(cache->Append(tokens.Block(n - 1, 1, true)), IsOk());
        EXPECT_EQ(cache->StateBits(), FormulaBits(n, d, options));
        if (n % 37 != 0 && n % options.residual > 1) continue;
        const Rounded expected =
            Oracle({tokens.keys.topRows(n), tokens.values.topRows(n)}, options);
        const Tokens seen = VisitedRows(*cache, d);
        ASSERT_EQ(seen.keys.rows(), n);
        // A unit in the last place of binary32 at 2, where codes are not between two.
        EXPECT_LT((seen.keys.cast<double>() - expected.keys).cwiseAbs().maxCoeff(), 3e-7)
            << options.Spec() << " after " << n;
        EXPECT_LT((seen.values.cast<double>() - expected.values).cwiseAbs().maxCoeff(), 3e-7)
            << options.Spec() << " after " << n;
      }
    }
  }
}

TEST(KiviTest, AnswersAsTheOracleDoes) {
  std::mt19937_64 random(2);
  for (const Options& options : kOptions) {
    const CacheSetup setup = SetupOf(options.Spec(), 6);
    const Tokens tokens{RandomMatrix(200, 6, random), RandomMatrix(200, 6, random)};
    const Matrix queries = RandomMatrix(9, 6, random);
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->Append(ZeroScale(2)), IsOk());
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    const Rounded rounded = Oracle(tokens, options);
    const Eigen::MatrixXd expected =
        NaiveAttention(queries, rounded.keys.cast<float>(), rounded.values.cast<float>(), 2);
    EXPECT_LT((Attended(*cache, queries).cast<double>() - expected).cwiseAbs().maxCoeff(),
              1e-5)
        << options.Spec();
  }
}

// At d = 64 and G = 32, without the residual: 2 + 32/32 bits, whatever is said of 2 bits.
TEST(KiviTest, TwoBitsAreThreeBitsANumberAndFourAreFive) {
  std::mt19937_64 random(3);
  constexpr int64_t kDims = 64;
  for (const int bits : {2, 4}) {
    const Options options{bits, 32, 32};
    auto cache = NewCache(SetupOf(options.Spec(), kDims));
    const Tokens tokens{RandomMatrix(32 * 40, kDims, random),
                        RandomMatrix(32 * 40, kDims, random)};
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    std::vector<SnapshotSection> sections = cache->Sections();
    ASSERT_EQ(sections.size(), 6U);
    const int64_t keys = 32 * 40 * kDims;
    const int64_t values = (32 * 40 - 32) * kDims;
    EXPECT_EQ(sections[0].bits + sections[1].bits, (bits + 1) * keys);
    EXPECT_EQ(sections[2].bits, 0);
    EXPECT_EQ(sections[3].bits + sections[4].bits, (bits + 1) * values);
    EXPECT_EQ(sections[5].bits, 16 * 32 * kDims);
  }
}

// Half a step of the group, s = (max - min) / (2^b - 1), on what binary16 makes of it.
TEST(KiviTest, TheErrorIsAtMostHalfAStep) {
  std::mt19937_64 random(4);
  for (int bits = 1; bits <= 8; ++bits) {
    const Options options{bits, 16, 16};
    const Tokens tokens{RandomMatrix(64, 16, random), RandomMatrix(64, 16, random)};
    auto cache = NewCache(SetupOf(options.Spec(), 16));
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    const Tokens seen = VisitedRows(*cache, 16);
    const auto half = [](const Matrix& m) -> Matrix {
      return m.cast<Eigen::half>().cast<float>();
    };
    double worst = 0;
    const auto expect_close = [&](const Matrix& group, const Matrix& answer) {
      const double s =
          (static_cast<double>(group.maxCoeff()) - group.minCoeff()) / ((1 << bits) - 1);
      const double error =
          (group.cast<double>() - answer.cast<double>()).cwiseAbs().maxCoeff();
      EXPECT_LE(error, s / 2 + 2.4e-7);
      worst = std::max(worst, error / s);
    };
    for (int64_t i = 0; i < 64; i += 16) {
      for (int64_t j = 0; j < 16; ++j) {
        expect_close(half(tokens.keys.block(i, j, 16, 1)), seen.keys.block(i, j, 16, 1));
        if (i + j >= 48) continue;
        expect_close(half(tokens.values.row(i + j)), seen.values.row(i + j));
      }
    }
    EXPECT_GT(worst, 0.45);
    // The last R values are as they are at binary16.
    EXPECT_EQ(seen.values.bottomRows(16), half(tokens.values.bottomRows(16)));
  }
}

TEST(KiviTest, ValuesInZeroAndOneComeBackExactlyAtAnyBits) {
  for (int bits = 1; bits <= 8; ++bits) {
    const CacheSetup setup =
        SetupWithFrame("kivi:group=4,residual=4,bits=" + std::to_string(bits), 10, 50);
    auto cache = NewCache(setup);
    const Tokens tokens = FrameTokens(setup, 5);
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    EXPECT_EQ(VisitedRows(*cache, 10).values, tokens.values) << bits;
  }
}

TEST(KiviTest, EnoughBitsAreExactAttentionAndFewerAreWorse) {
  std::mt19937_64 random(6);
  const Tokens tokens{RandomMatrix(256, 8, random), RandomMatrix(256, 8, random)};
  const Matrix queries = RandomMatrix(20, 8, random) / 4;
  const Eigen::MatrixXd expected = NaiveAttention(queries, tokens.keys, tokens.values, 0);
  double last = 10;
  for (const int bits : {1, 2, 4, 8}) {
    auto cache = NewCache(SetupOf(Options{bits, 32, 32}.Spec(), 8));
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    const double error = (Attended(*cache, queries).cast<double>() - expected).norm();
    EXPECT_LT(error, last / 2) << bits;
    last = error;
  }
  EXPECT_LT(last / expected.norm(), 0.02);
  EXPECT_GT(last / expected.norm(), 0.0002);
}

TEST(KiviTest, NumbersAtTheLimitOfBinary16DoNotOverflowAtOneBit) {
  const CacheSetup setup = SetupOf("kivi:bits=1,group=2,residual=2", 2);
  auto cache = NewCache(setup);
  Matrix rows(4, 2);
  rows << 65504, -65504, -65504, 65504, 65504, 65504, -65504, -65504;
  ASSERT_THAT(cache->Append({4, nullptr, rows.data(), rows.data(), true}), IsOk());
  const Tokens seen = VisitedRows(*cache, 2);
  EXPECT_EQ(seen.keys, rows);
  EXPECT_EQ(seen.values, rows);
}

TEST(KiviTest, AGroupIsQuantisedOnceAndNeverAgain) {
  std::mt19937_64 random(7);
  const CacheSetup setup = SetupOf("kivi:group=4,residual=8", 3);
  const Tokens tokens{RandomMatrix(64, 3, random), RandomMatrix(64, 3, random)};
  auto cache = NewCache(setup);
  std::vector<std::string> before(6);
  for (int64_t i = 0; i < 64; ++i) {
    ASSERT_THAT(cache->Append(tokens.Block(i, 1, true)), IsOk());
    const Container container = ContainerOf(SnapshotOf(*cache, setup));
    for (const size_t section : {0U, 1U, 4U}) {
      const std::string& body = container.sections[section].body;
      EXPECT_EQ(body.substr(0, before[section].size()), before[section]);
      before[section] = body;
    }
  }
}

TEST(KiviTest, RefusesOptionsOutOfRangeAndAResidualThatGroupsDoNotFill) {
  for (const char* bad : {"bits=0", "bits=9", "group=0", "residual=0", "residual=65537"}) {
    EXPECT_THAT(ParseBuiltInSpec(std::string("kivi:") + bad),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("whole number from 1")))
        << bad;
  }
  EXPECT_THAT(ParseBuiltInSpec("kivi:group=24"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("residual=128 is not a multiple of group=24")));
}

TEST(KiviTest, RestoreRefusesEndsThatAreNotThoseOfARange) {
  std::mt19937_64 random(8);
  const CacheSetup setup = SetupOf("kivi:group=2,residual=2", 2);
  const Tokens tokens{RandomMatrix(4, 2, random), RandomMatrix(4, 2, random)};
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  const Container good = ContainerOf(SnapshotOf(*cache, setup));
  ASSERT_THAT(Restore(good.Build(), setup), IsOk());
  for (const size_t section : {1U, 4U}) {
    for (const auto& [low, high] : {std::pair{0x4000, 0x3c00}, {0xfc00, 0}, {0, 0x7c01}}) {
      Container bad = good;
      bad.sections[section].body.replace(4, 4, Bytes(low, 2) + Bytes(high, 2));
      EXPECT_THAT(Restore(bad.Build(), setup),
                  StatusIs(absl::StatusCode::kDataLoss, ::testing::_));
    }
  }
}

}  // namespace
}  // namespace kvwire
