#include "common/coding/polar_transform.h"

#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

// u G by the definition: x_j is the sum of the u_i with G_ij = 1, where the Kronecker power
// of [1 0; 1 1] has a 1 at (i, j) if every binary digit of i is at least that of j.
std::vector<uint64_t> Product(const std::vector<uint64_t>& u, size_t block) {
  std::vector<uint64_t> x(u.size());
  for (size_t i = 0; i < block; ++i) {
    if ((u[i / 64] >> i % 64 & 1) == 0) continue;
    for (size_t j = 0; j < block; ++j) {
      if ((i & j) == j) x[j / 64] ^= uint64_t{1} << j % 64;
    }
  }
  return x;
}

TEST(PolarTransformTest, IsTheMatrixProductForEveryShortWord) {
  for (const size_t block : {1, 2, 4, 8}) {
    for (uint64_t bits = 0; bits < uint64_t{1} << block; ++bits) {
      std::vector<uint64_t> words = {bits};
      PolarTransform(static_cast<int64_t>(block), absl::MakeSpan(words));
      ASSERT_EQ(words, Product({bits}, block)) << block << " " << bits;
    }
  }
}

TEST(PolarTransformTest, IsTheMatrixProductAndItsOwnInverseAtEverySize) {
  std::mt19937_64 random(1);
  for (size_t block = 1; block <= 1 << 13; block *= 2) {
    std::vector<uint64_t> words((block + 63) / 64);
    for (uint64_t& word : words) word = block < 64 ? random() >> (64 - block) : random();
    const std::vector<uint64_t> u = words;
    PolarTransform(static_cast<int64_t>(block), absl::MakeSpan(words));
    ASSERT_EQ(words, Product(u, block)) << block;
    PolarTransform(static_cast<int64_t>(block), absl::MakeSpan(words));
    ASSERT_EQ(words, u) << block;
  }
}

}  // namespace
}  // namespace kvwire
