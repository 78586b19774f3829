#include "common/attention/binary_code.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

// A word of at most 64 coordinates, or as many of them as fit, bit x at coordinate x.
uint64_t Packed(const BinaryCode& code, int64_t word) {
  uint64_t bits = 0;
  for (int64_t x = 0; x < code.dims(); ++x) {
    bits |= static_cast<uint64_t>(code.Negative(word, x)) << x;
  }
  return bits;
}

std::vector<uint64_t> AllWords(const BinaryCode& code) {
  std::vector<uint64_t> words;
  for (int64_t word = 0; word < code.words(); ++word) words.push_back(Packed(code, word));
  return words;
}

int64_t InnerProduct(uint64_t a, uint64_t b, int64_t dims) {
  return dims - 2 * int64_t{std::popcount(a ^ b)};
}

int64_t InnerProduct(const BinaryCode& code, int64_t a, int64_t b) {
  int64_t sum = 0;
  for (int64_t x = 0; x < code.dims(); ++x) {
    sum += code.Negative(a, x) == code.Negative(b, x) ? 1 : -1;
  }
  return sum;
}

// How many words have each inner product with a given one, itself included. All of
// these follow from the ranks of the quadratic forms: full for Kerdock, one less
// than full for BCH.
std::map<int64_t, int64_t> ExpectedDistribution(int64_t d) {
  if (d == 2) return {{2, 1}, {0, 2}, {-2, 1}};
  if (std::countr_zero(static_cast<uint64_t>(d)) % 2 == 0) {
    const int64_t root = std::llround(std::sqrt(d));
    const int64_t half = (d * d - 2 * d) / 2;
    return {{d, 1}, {root, half}, {0, 2 * d - 2}, {-root, half}, {-d, 1}};
  }
  const int64_t root = std::llround(std::sqrt(2 * d));
  const int64_t half = d * (d - 1) / 2;
  return {{d, 1}, {root, half}, {0, 2 * d - 2 + 2 * half}, {-root, half}, {-d, 1}};
}

int64_t FullSize(int64_t dims) {
  int64_t size = 0;
  for (const auto& [product, count] : ExpectedDistribution(dims)) size += count;
  return size;
}

class SmallBinaryCodeTest : public testing::TestWithParam<int64_t> {};

TEST_P(SmallBinaryCodeTest, EveryWordSeesTheProvedDistributionOfInnerProducts) {
  const int64_t dims = GetParam();
  const std::vector<uint64_t> words =
      AllWords(BinaryCode::Create(dims, FullSize(dims)).value());
  const std::map<int64_t, int64_t> expected = ExpectedDistribution(dims);
  for (const uint64_t a : words) {
    std::vector<int64_t> counts(static_cast<size_t>(2 * dims + 1), 0);
    for (const uint64_t b : words) ++counts[InnerProduct(a, b, dims) + dims];
    for (int64_t product = -dims; product <= dims; ++product) {
      const auto at = expected.find(product);
      ASSERT_EQ(counts[product + dims], at == expected.end() ? 0 : at->second) << product;
    }
  }
}

TEST_P(SmallBinaryCodeTest, CoherenceIsAttainedByEveryPrefix) {
  const int64_t dims = GetParam();
  const std::vector<uint64_t> words =
      AllWords(BinaryCode::Create(dims, FullSize(dims)).value());
  int64_t largest = 0;  // two words, of the first dims, are orthogonal
  for (size_t count = 2; count <= words.size(); ++count) {
    for (size_t i = 0; i + 1 < count; ++i) {
      largest = std::max(largest, InnerProduct(words[i], words[count - 1], dims));
    }
    const BinaryCode code = BinaryCode::Create(dims, static_cast<int64_t>(count)).value();
    ASSERT_NEAR(code.coherence() * static_cast<double>(dims), static_cast<double>(largest),
                1e-12)
        << count << " words";
  }
}

TEST_P(SmallBinaryCodeTest, FirstWordsAreAnOrthogonalBasisThenItsNegatives) {
  const int64_t dims = GetParam();
  const BinaryCode code = BinaryCode::Create(dims, 2 * dims).value();
  const std::vector<uint64_t> words = AllWords(code);
  EXPECT_EQ(std::set<uint64_t>(words.begin(), words.end()).size(), words.size());
  for (int64_t i = 0; i < dims; ++i) {
    for (int64_t j = 0; j < dims; ++j) {
      ASSERT_EQ(InnerProduct(words[i], words[j], dims), i == j ? dims : 0);
    }
    ASSERT_EQ(InnerProduct(words[i], words[i + dims], dims), -dims);
  }
  EXPECT_EQ(code.coherence(), 0);
}

INSTANTIATE_TEST_SUITE_P(AllPairs, SmallBinaryCodeTest, testing::Values(2, 4, 8, 16, 32, 64),
                         testing::PrintToStringParamName());

class LargeBinaryCodeTest : public testing::TestWithParam<int64_t> {};

TEST_P(LargeBinaryCodeTest, SampledPairsStayBelowTheProvedCoherenceAndAttainIt) {
  const int64_t dims = GetParam();
  const int64_t size = FullSize(dims);
  const BinaryCode code = BinaryCode::Create(dims, size).value();
  const std::map<int64_t, int64_t> expected = ExpectedDistribution(dims);
  const int64_t bound = std::prev(std::prev(expected.end()))->first;
  EXPECT_NEAR(code.coherence() * static_cast<double>(dims), static_cast<double>(bound), 1e-9);
  std::mt19937_64 random(static_cast<uint64_t>(dims));
  int attained = 0;
  constexpr int kPairs = 3000;
  for (int i = 0; i < kPairs; ++i) {
    const auto a = static_cast<int64_t>(random() % static_cast<uint64_t>(size));
    const auto b = static_cast<int64_t>(random() % static_cast<uint64_t>(size));
    if (a == b) continue;
    const int64_t product = InnerProduct(code, a, b);
    ASSERT_TRUE(expected.contains(product)) << a << " " << b << ": " << product;
    ASSERT_LE(product, bound) << a << " " << b;
    attained += product == bound;
  }
  // A half of the Kerdock code's pairs attain it, and a quarter of the other's.
  const double share =
      static_cast<double>(expected.at(bound)) / static_cast<double>(size) * kPairs;
  EXPECT_GT(attained, share - 150);
  EXPECT_LT(attained, share + 150);
}

INSTANTIATE_TEST_SUITE_P(Sampled, LargeBinaryCodeTest,
                         testing::Values(128, 256, 512, 1024, 2048, 4096),
                         testing::PrintToStringParamName());

void ExpectInvalid(int64_t dims, int64_t words, const std::string& message) {
  const absl::Status status = BinaryCode::Create(dims, words).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr(message));
}

TEST(BinaryCodeTest, RefusesOtherDimensions) {
  for (const int64_t dims : {-16, -1, 0, 1, 3, 24, 4095, 8192}) {
    ExpectInvalid(dims, 1, "a power of two from 2 to 4096");
  }
}

TEST(BinaryCodeTest, RefusesMoreWordsThanThereAreAndNamesTheMost) {
  ExpectInvalid(2, 5, "1 to 4 words");
  ExpectInvalid(16, 257, "1 to 256 words");
  ExpectInvalid(32, 2049, "1 to 2048 words");
  ExpectInvalid(4096, 16777217, "1 to 16777216 words");
  ExpectInvalid(16, 0, "1 to 256 words");
  ExpectInvalid(16, -1, "1 to 256 words");
}

TEST(BinaryCodeTest, WordsVisitedAreTheWords) {
  for (const int64_t dims : {2, 4, 8, 16, 32}) {
    const int64_t words = dims == 2 ? 4 : dims * dims;
    const BinaryCode code = *BinaryCode::Create(dims, words);
    // From within a coset, across several.
    const int64_t first = dims / 2;
    int64_t expected = first;
    code.VisitWords(first, words - first,
                    [&](int64_t word, absl::Span<const uint8_t> negative) {
                      ASSERT_EQ(word, expected++);
                      ASSERT_EQ(static_cast<int64_t>(negative.size()), dims);
                      for (int64_t x = 0; x < dims; ++x)
                        ASSERT_EQ(negative[x] != 0, code.Negative(word, x));
                    });
    EXPECT_EQ(expected, words);
  }
}

}  // namespace
}  // namespace kvwire
