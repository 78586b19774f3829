// The algorithms q8_0 and q4_0, against the reference's blocks written down naively, as
// sequences of decisions on single blocks of 32 numbers.

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

struct Block {
  uint16_t scale = 0;
  std::vector<int> codes;
  std::vector<float> decoded;
};

Block Q8Block(const std::vector<float>& numbers) {
  float largest = 0;
  for (const float x : numbers) largest = std::fmax(largest, std::fabs(x));
  const float scale = largest / 127.0F;
  const Eigen::half stored(scale);
  Block block{Eigen::numext::bit_cast<uint16_t>(stored), {}, {}};
  for (const float x : numbers) {
    const float units = static_cast<float>(stored) == 0 ? 0 : x * (1.0F / scale);
    const int code = static_cast<int>(std::round(units));
    block.codes.push_back(code & 255);
    block.decoded.push_back(static_cast<float>(code) * static_cast<float>(stored));
  }
  return block;
}

Block Q4Block(const std::vector<float>& numbers) {
  float largest = 0;
  float of_largest = 0;
  for (const float x : numbers) {
    if (largest < std::fabs(x)) {
      largest = std::fabs(x);
      of_largest = x;
    }
  }
  const float scale = of_largest / -8.0F;
  const Eigen::half stored(scale);
  Block block{Eigen::numext::bit_cast<uint16_t>(stored), {}, {}};
  for (const float x : numbers) {
    const float units = static_cast<float>(stored) == 0 ? 0 : x * (1.0F / scale);
    const int code = std::min(15, static_cast<int>(units + 8.5F));
    block.codes.push_back(code);
    block.decoded.push_back(static_cast<float>(code - 8) * static_cast<float>(stored));
  }
  return block;
}

struct Format {
  std::string spec;
  int code_bits;
  Block (*encode)(const std::vector<float>&);
};

class LlamaBlocksTest : public ::testing::TestWithParam<Format> {
 protected:
  CacheSetup SetupFor(int64_t dims) const { return SetupOf(GetParam().spec, dims); }

  // The codes, their bits lowest first, the scales, and what they decode to.
  struct Encoded {
    std::string codes;
    std::string scales;
    Matrix rows;
  };

  Encoded Encode(const Matrix& rows) const {
    Encoded encoded{"", "", rows};
    std::vector<bool> bits;
    for (int64_t i = 0; i < rows.rows(); ++i) {
      for (int64_t first = 0; first < rows.cols(); first += 32) {
        const int64_t count = std::min<int64_t>(32, rows.cols() - first);
        const Block block = GetParam().encode({&rows(i, first), &rows(i, first) + count});
        encoded.scales += Bytes(block.scale, 2);
        for (int64_t j = 0; j < count; ++j) {
          for (int bit = 0; bit < GetParam().code_bits; ++bit) {
            bits.push_back((block.codes[static_cast<size_t>(j)] >> bit & 1) != 0);
          }
          encoded.rows(i, first + j) = block.decoded[static_cast<size_t>(j)];
        }
      }
    }
    encoded.codes.resize((bits.size() + 7) / 8);
    for (size_t i = 0; i < bits.size(); ++i) {
      if (bits[i]) {
        encoded.codes[i / 8] = static_cast<char>(encoded.codes[i / 8] | 1 << i % 8);
      }
    }
    return encoded;
  }

  void ExpectCodesOf(const Tokens& tokens) const {
    const int64_t dims = tokens.keys.cols();
    const CacheSetup setup = SetupFor(dims);
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    const Encoded keys = Encode(tokens.keys);
    const Encoded values = Encode(tokens.values);
    const Container container = ContainerOf(SnapshotOf(*cache, setup));
    ASSERT_EQ(container.sections.size(), 4U);
    EXPECT_EQ(container.sections[0].body, keys.codes);
    EXPECT_EQ(container.sections[1].body, keys.scales);
    EXPECT_EQ(container.sections[2].body, values.codes);
    EXPECT_EQ(container.sections[3].body, values.scales);
    const Tokens rounded = VisitedRows(*cache, dims);
    EXPECT_EQ(rounded.keys, keys.rows);
    EXPECT_EQ(rounded.values, values.rows);
  }
};

INSTANTIATE_TEST_SUITE_P(Formats, LlamaBlocksTest,
                         ::testing::Values(Format{"q8_0", 8, Q8Block},
                                           Format{"q4_0", 4, Q4Block}),
                         [](const auto& test) { return test.param.spec; });

TEST_P(LlamaBlocksTest, CodesAndScalesAreThoseOfTheReferenceAtAnyWidth) {
  std::mt19937_64 random(1);
  for (const int64_t dims : {1, 3, 31, 32, 33, 64, 100}) {
    ExpectCodesOf({RandomMatrix(17, dims, random), RandomMatrix(17, dims, random)});
  }
}

TEST_P(LlamaBlocksTest, CodesAndScalesAreThoseOfTheReferenceAtAnySize) {
  std::mt19937_64 random(2);
  Tokens tokens{RandomMatrix(400, 8, random), RandomMatrix(400, 8, random)};
  for (int64_t i = 0; i < 400; ++i) {
    // From where scales round to zero, and have no finite inverse, to the largest.
    tokens.keys.row(i) *= std::ldexp(1.0F, static_cast<int>(i % 160) - 146);
    tokens.values.row(i) *= std::ldexp(1.0F, static_cast<int>(random() % 160) - 146);
    if (tokens.keys.row(i).isZero(0)) tokens.keys(i, 0) = 1;
  }
  ExpectCodesOf(tokens);
}

TEST_P(LlamaBlocksTest, StateBitsAreThoseOfTheFormula) {
  std::mt19937_64 random(3);
  for (const int64_t dims : {1, 3, 32, 33, 64, 128}) {
    for (const int64_t rows : {1, 2, 50}) {
      auto cache = NewCache(SetupFor(dims));
      const Tokens tokens{Matrix::Ones(rows, dims), RandomMatrix(rows, dims, random)};
      ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
      ASSERT_THAT(cache->Append(ZeroScale(9)), IsOk());
      const int64_t blocks = (dims + 31) / 32;
      EXPECT_EQ(cache->StateBits(), 2 * rows * (GetParam().code_bits * dims + 16 * blocks));
    }
  }
  // 8.5 and 4.5 bits a number, as they are called.
  auto cache = NewCache(SetupFor(64));
  const Tokens tokens{Matrix::Ones(10, 64), RandomMatrix(10, 64, random)};
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  EXPECT_EQ(static_cast<double>(cache->StateBits()) / (2 * 10 * 64),
            GetParam().code_bits + 0.5);
}

// Half a step of the codes, what the scale is rounded by, and with four bits the code 16
// that is missing at the side opposite to the largest number.
TEST_P(LlamaBlocksTest, TheErrorIsAtMostThatOfItsCodes) {
  std::mt19937_64 random(4);
  const CacheSetup setup = SetupFor(64);
  auto cache = NewCache(setup);
  const Tokens tokens{RandomMatrix(200, 64, random), RandomMatrix(200, 64, random)};
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  const Tokens rounded = VisitedRows(*cache, 64);
  const double most_units = GetParam().code_bits == 8 ? 127 : 8;
  const double half_step = GetParam().code_bits == 8 ? 0.5 : 1;
  double worst = 0;
  for (int64_t i = 0; i < 200; ++i) {
    for (int64_t first = 0; first < 64; first += 32) {
      const auto block = tokens.keys.row(i).segment(first, 32);
      const double step = block.cwiseAbs().maxCoeff() / most_units;
      const double error =
          (rounded.keys.row(i).segment(first, 32) - block).cwiseAbs().maxCoeff();
      EXPECT_LE(error, step * (half_step + most_units * std::ldexp(1, -11) + 1e-5));
      worst = std::max(worst, error / step);
    }
  }
  EXPECT_GT(worst, 0.45);
}

TEST_P(LlamaBlocksTest, AnswersAsExactAttentionToTheErrorOfItsCodes) {
  std::mt19937_64 random(5);
  const CacheSetup setup = SetupFor(33);
  auto cache = NewCache(setup);
  const Tokens tokens{RandomMatrix(100, 33, random) / 4, RandomMatrix(100, 33, random)};
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  const Matrix queries = RandomMatrix(8, 33, random) / 4;
  const Eigen::MatrixXd expected = NaiveAttention(queries, tokens.keys, tokens.values, 0);
  const double error =
      (Attended(*cache, queries).cast<double>() - expected).cwiseAbs().maxCoeff();
  const double bound = GetParam().code_bits == 8 ? 0.005 : 0.1;
  EXPECT_LT(error, bound);
  EXPECT_GT(error, bound / 50);
}

TEST(Q8Test, KnownBlock) {
  const CacheSetup setup = SetupOf("q8_0", 4);
  auto cache = NewCache(setup);
  const float key[] = {127, -127, 1.5F, -0.49F};
  const float value[] = {0, 0, 0, 254};
  ASSERT_THAT(cache->Append({1, nullptr, key, value, true}), IsOk());
  const Container container = ContainerOf(SnapshotOf(*cache, setup));
  EXPECT_EQ(container.sections[0].body, std::string("\x7f\x81\x02\0", 4));
  EXPECT_EQ(container.sections[1].body, Bytes(0x3c00, 2));  // 1
  EXPECT_EQ(container.sections[2].body, std::string("\0\0\0\x7f", 4));
  EXPECT_EQ(container.sections[3].body, Bytes(0x4000, 2));  // 2
}

TEST(Q8Test, CodesAndScalesThatAreNeverWrittenAreRefused) {
  const CacheSetup setup = SetupOf("q8_0", 2);
  auto cache = NewCache(setup);
  const float numbers[] = {1, -2};
  ASSERT_THAT(cache->Append({.rows = 1, .keys = numbers, .values = numbers}), IsOk());
  const Container good = ContainerOf(SnapshotOf(*cache, setup));
  ASSERT_THAT(Restore(good.Build(), setup), IsOk());
  Container bad_code = good;
  bad_code.sections[0].body[1] = '\x80';
  EXPECT_THAT(Restore(bad_code.Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("-128")));
  Container bad_scale = good;
  bad_scale.sections[3].body[1] = static_cast<char>(bad_scale.sections[3].body[1] | 0x80);
  EXPECT_THAT(Restore(bad_scale.Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("has a sign")));
}

// The number of largest size, the first of them, has code 0: the scale has its sign turned.
TEST(Q4Test, KnownBlocks) {
  const CacheSetup setup = SetupOf("q4_0", 4);
  auto cache = NewCache(setup);
  const float key[] = {8, -8, 0, 1.5F};
  const float value[] = {0, 7, -8, -0.4F};
  ASSERT_THAT(cache->Append({1, nullptr, key, value, true}), IsOk());
  const Container container = ContainerOf(SnapshotOf(*cache, setup));
  // 0, 15 (for 16), 8, 7 = 8 - 1.5 + 0.5.
  EXPECT_EQ(container.sections[0].body, std::string("\xf0\x78", 2));
  EXPECT_EQ(container.sections[1].body, Bytes(0xbc00, 2));  // -1
  // 8, 15, 0, 8.
  EXPECT_EQ(container.sections[2].body, std::string("\xf8\x80", 2));
  EXPECT_EQ(container.sections[3].body, Bytes(0x3c00, 2));  // 1
}

TEST(Q4Test, ValuesInZeroAndOneComeBackExactly) {
  for (int input = 1; input < 32; ++input) {
    const CacheSetup setup = SetupOf("q4_0", 5);
    auto cache = NewCache(setup);
    Matrix row(1, 5);
    for (int j = 0; j < 5; ++j) row(0, j) = static_cast<float>(input >> j & 1);
    ASSERT_THAT(cache->Append({1, nullptr, row.data(), row.data(), true}), IsOk());
    EXPECT_EQ(VisitedRows(*cache, 5).values, row);
  }
}

}  // namespace
}  // namespace kvwire
