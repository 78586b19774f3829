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
  int64_t group = 128;
  double clip = 0.92;
  int64_t sinks = 5;
  int64_t window = 128;
  int end_bits = 16;

  std::string Spec() const {
    std::string clip_text = std::to_string(clip);
    clip_text.resize(clip == 1 ? 1 : 4);
    return "skvq:bits=" + std::to_string(bits) + ",group=" + std::to_string(group) +
           ",clip=" + clip_text + ",sinks=" + std::to_string(sinks) +
           ",window=" + std::to_string(window) + (end_bits == 8 ? ",scales=float8" : "");
  }
};

// The end of a range, rounded outwards to 11 or, in E4M3, 4 bits, and in whole steps of
// the smallest number.
double RoundedEnd(double end, int end_bits, bool up) {
  if (end == 0) return 0;
  const int mantissa_bits = end_bits == 16 ? 11 : 4;
  const int least_exponent = end_bits == 16 ? -24 : -9;
  const int exponent = std::max(least_exponent, std::ilogb(end) + 1 - mantissa_bits);
  const double scaled = std::ldexp(end, -exponent);
  return std::ldexp(up ? std::ceil(scaled) : std::floor(scaled), exponent);
}

// A row quantised in groups of channels whose ends are clipped, in double.
void Quantise(Eigen::MatrixXd& rows, int64_t row, const Options& options) {
  for (int64_t first = 0; first < rows.cols(); first += options.group) {
    const int64_t count = std::min(options.group, rows.cols() - first);
    const auto group = rows.row(row).segment(first, count);
    const double low = RoundedEnd(static_cast<float>(group.minCoeff() * options.clip),
                                  options.end_bits, false);
    const double high = RoundedEnd(static_cast<float>(group.maxCoeff() * options.clip),
                                   options.end_bits, true);
    const double last = (1 << options.bits) - 1;
    for (int64_t j = first; j < first + count; ++j) {
      const double place =
          high == low ? 0 : std::floor((rows(row, j) - low) / (high - low) * last + 0.5);
      rows(row, j) = low + std::clamp(place, 0.0, last) * (high - low) / last;
    }
  }
}

// The window's tokens at binary16, and those quantised that are in neither part of it.
Tokens Oracle(const Tokens& tokens, const Options& options) {
  const int64_t n = tokens.keys.rows();
  Tokens rounded = tokens;
  for (Matrix* rows : {&rounded.keys, &rounded.values}) {
    if (options.sinks + options.window > 0) *rows = rows->cast<Eigen::half>().cast<float>();
    Eigen::MatrixXd wide = rows->cast<double>();
    for (int64_t i = options.sinks; i < n - options.window; ++i) Quantise(wide, i, options);
    *rows = wide.cast<float>();
  }
  return rounded;
}

const Options kOptions[] = {{},
                            {4, 128, 0.92, 5, 20, 16},
                            {2, 16, 0.96, 0, 7, 16},
                            {8, 7, 1, 3, 0, 16},
                            {1, 3, 0.55, 0, 0, 16},
                            {2, 128, 0.92, 2, 3, 8},
                            {3, 10, 1, 0, 0, 8}};

TEST(SkvqTest, KeepsWhatThePaperSaysAndAnswersFromIt) {
  std::mt19937_64 random(1);
  for (const Options& options : kOptions) {
    for (const int64_t d : {3, 35}) {
      const Tokens tokens{RandomMatrix(200, d, random), RandomMatrix(200, d, random)};
      auto cache = NewCache(SetupOf(options.Spec(), d));
      int64_t first = 0;
      AppendScales(*cache, tokens, first, {1, 4, 2, 150, 43}, 6);
      const Tokens expected = Oracle(tokens, options);
      const Tokens seen = VisitedRows(*cache, d);
      // The sinks, then what was quantised, then the window: the order of the stream.
      ASSERT_EQ(seen.keys.rows(), 200);
      EXPECT_LT((seen.keys - expected.keys).cwiseAbs().maxCoeff(), 3e-7) << options.Spec();
      EXPECT_LT((seen.values - expected.values).cwiseAbs().maxCoeff(), 3e-7) << options.Spec();
      const Matrix queries = RandomMatrix(5, d, random) / 4;
      const Eigen::MatrixXd answer =
          NaiveAttention(queries, expected.keys, expected.values, 0);
      EXPECT_LT((Attended(*cache, queries).cast<double>() - answer).cwiseAbs().maxCoeff(),
                1e-5);
    }
  }
}

TEST(SkvqTest, StateBitsAreThoseOfTheFormulaAtEveryToken) {
  std::mt19937_64 random(2);
  for (const Options& o : kOptions) {
    for (const int64_t d : {3, 35}) {
      auto cache = NewCache(SetupOf(o.Spec(), d));
      const Tokens tokens{RandomMatrix(180, d, random), RandomMatrix(180, d, random)};
      for (int64_t n = 1; n <= 180; ++n) {
        ASSERT_THAT(cache->Append(tokens.Block(n - 1, 1, true)), IsOk());
        ASSERT_THAT(cache->Append(ZeroScale(1)), IsOk());
        const int64_t exact = std::min(n, o.sinks + o.window);
        const int64_t groups = (d + o.group - 1) / o.group;
        EXPECT_EQ(
            cache->StateBits(),
            2 * exact * d * 16 + 2 * (n - exact) * (o.bits * d + 2 * o.end_bits * groups));
      }
    }
  }
}

// 2.125 bits a number with ends of 8 bits in groups of 128, and 2.25 with 16 bits.
TEST(SkvqTest, TwoBitsAreTwoAndAnEighthWithEightBitEnds) {
  std::mt19937_64 random(3);
  for (const auto& [scales, bits] :
       {std::pair<std::string, double>{"float8", 2.125}, {"float16", 2.25}}) {
    auto cache = NewCache(SetupOf("skvq:sinks=0,window=0,scales=" + scales, 256));
    const Tokens tokens{RandomMatrix(8, 256, random), RandomMatrix(8, 256, random)};
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    EXPECT_EQ(static_cast<double>(cache->StateBits()) / (2 * 8 * 256), bits);
  }
}

TEST(SkvqTest, BitsComeBackExactlyWithoutAClipAndClippedWithOne) {
  const CacheSetup setup = SetupWithFrame("skvq:clip=1,sinks=0,window=0", 10, 50);
  auto cache = NewCache(setup);
  const Tokens tokens = FrameTokens(setup, 4);
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  EXPECT_EQ(VisitedRows(*cache, 10).values, tokens.values);

  auto clipped = NewCache(SetupOf("skvq:sinks=0,window=0", 10));
  ASSERT_THAT(clipped->Append(tokens.Block()), IsOk());
  const Matrix values = VisitedRows(*clipped, 10).values;
  EXPECT_NEAR(values.maxCoeff(), 0.92, 0.0005);
  EXPECT_EQ(values.minCoeff(), 0);
}

TEST(SkvqTest, ANumberOutOfTheRangeOfItsEndsIsRefusedWhenItComesNotWhenItLeavesTheWindow) {
  const CacheSetup setup = SetupOf("skvq:scales=float8,clip=1,window=3", 1);
  auto cache = NewCache(setup);
  const float one = 1;
  const float most = 448;
  const float more = 448.2F;  // 448.25 at binary16
  EXPECT_THAT(cache->Append({1, nullptr, &one, &most, true}), IsOk());
  EXPECT_THAT(cache->Append({1, nullptr, &one, &more, true}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("token 1: 448.25 is, clipped to 1 of it, over the range")));
  EXPECT_EQ(cache->tokens(), 1);
}

TEST(SkvqTest, RefusesOptionsOutOfRange) {
  for (const char* bad : {"bits=0", "bits=9", "group=0", "group=131073", "clip=0", "clip=1.1",
                          "clip=0.920", "sinks=-1", "window=4294967297", "scales=float4"}) {
    EXPECT_EQ(ParseBuiltInSpec(std::string("skvq:") + bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

TEST(SkvqTest, RestoreRefusesEightBitEndsThatAreNotANumber) {
  const CacheSetup setup = SetupOf("skvq:scales=float8,sinks=0,window=0", 4);
  auto cache = NewCache(setup);
  const Matrix row = Matrix::Ones(1, 4);
  ASSERT_THAT(cache->Append({1, nullptr, row.data(), row.data(), true}), IsOk());
  Container container = ContainerOf(SnapshotOf(*cache, setup));
  ASSERT_THAT(Restore(container.Build(), setup), IsOk());
  for (const char bad : {'\x7f', '\xff'}) {
    container.sections[3].body[1] = bad;
    EXPECT_THAT(Restore(container.Build(), setup),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not those of a range")));
  }
}

}  // namespace
}  // namespace kvwire
