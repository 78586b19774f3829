#include "common/coding/polar_code.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "absl/strings/escaping.h"
#include "common/base/checksum.h"
#include "common/coding/polar_entropies.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

int64_t Ones(const std::vector<uint64_t>& words) {
  int64_t ones = 0;
  for (const uint64_t word : words) ones += std::popcount(word);
  return ones;
}

bool IsFree(const PolarCode& code, size_t i) {
  return (code.information[i / 64] >> i % 64 & 1) != 0;
}

TEST(PolarCodeTest, HasTheLeastPowerOfTwoThatHoldsItsLength) {
  const auto block = [](int64_t length) {
    return PolarDesign::Create(length, 0.1)->Code(0)->block;
  };
  EXPECT_EQ(block(1), 8);
  EXPECT_EQ(block(8), 8);
  EXPECT_EQ(block(9), 16);
  EXPECT_EQ(block(1 << 10), 1 << 10);
  EXPECT_EQ(block((1 << 10) + 1), 1 << 11);
}

TEST(PolarCodeTest, HasAsManyPositionsAsAskedAndKeepsThoseOfSmallerCodes) {
  for (const int64_t length : {1, 3, 8, 13, 64, 100, 1000}) {
    for (const double distortion : {1e-9, 0.01, 0.2, 0.45}) {
      const PolarDesign design = *PolarDesign::Create(length, distortion);
      std::vector<uint64_t> last(design.Code(0)->information.size());
      for (int64_t bits = 0; bits <= length; ++bits) {
        const PolarCode code = *design.Code(bits);
        ASSERT_EQ(code.information_bits, bits);
        ASSERT_EQ(Ones(code.information), bits);
        for (size_t i = 0; i < last.size(); ++i) ASSERT_EQ(last[i] & ~code.information[i], 0);
        last = code.information;
      }
    }
  }
}

// Position i is better than j if every binary digit of i is at least that of j, whatever the
// channel.
TEST(PolarCodeTest, NeverLeavesOutAPositionThatIsBetterThanOneItTakes) {
  for (const double distortion : {1e-9, 0.01, 0.2, 0.45}) {
    const PolarDesign design = *PolarDesign::Create(256, distortion);
    for (const int64_t bits : {10, 100, 200}) {
      const PolarCode code = *design.Code(bits);
      for (size_t i = 0; i < 256; ++i) {
        for (size_t j = 0; j < 256; ++j) {
          const bool better = (i & j) == j;
          ASSERT_TRUE(!better || !IsFree(code, j) || IsFree(code, i)) << i << " " << j;
        }
      }
    }
  }
}

// Of the code words of all K = M positions, the last M bits are all of {0,1}^M: the rows of G
// have rank M there.
TEST(PolarCodeTest, WithAllItsBitsSaysEverythingWhateverThePadding) {
  for (int64_t length = 1; length <= 64; ++length) {
    const PolarCode code = *PolarDesign::Create(length, 0.3)->Code(length);
    const auto block = static_cast<uint64_t>(code.block);
    const uint64_t padding = block - static_cast<uint64_t>(length);
    std::vector<uint64_t> rows;
    for (uint64_t i = 0; i < block; ++i) {
      if (!IsFree(code, i)) continue;
      uint64_t row = 0;
      for (uint64_t j = padding; j < block; ++j)
        row |= uint64_t{(i & j) == j} << (j - padding);
      for (const uint64_t other : rows) row = std::min(row, row ^ other);
      ASSERT_NE(row, 0) << length;
      rows.push_back(row);
    }
  }
}

TEST(PolarEntropiesTest, SumToTheEntropyOfTheBlock) {
  for (const int64_t padding : {0, 1, 100, 511, 700, 1023}) {
    const std::vector<float> entropies = PolarEntropies(1024, padding, 0.11);
    double sum = 0;
    for (const float z : entropies) sum += std::min(z, 1.0F);
    const double each = -(0.11 * std::log2(0.11) + 0.89 * std::log2(0.89));
    EXPECT_NEAR(sum, static_cast<double>(padding) + static_cast<double>(1024 - padding) * each,
                0.01);
    EXPECT_EQ(std::count(entropies.begin(), entropies.end(), kErasedEntropy), padding);
  }
}

TEST(PolarEntropiesTest, PolariseAsTheBlockGrows) {
  double last = 1;
  for (const int64_t block : {1 << 6, 1 << 10, 1 << 14, 1 << 18}) {
    const std::vector<float> entropies = PolarEntropies(block, 0, 0.11);
    const auto undecided = std::count_if(entropies.begin(), entropies.end(),
                                         [](float z) { return z > 0.01F && z < 0.99F; });
    const double part = static_cast<double>(undecided) / static_cast<double>(block);
    EXPECT_LT(part, 0.75 * last);
    last = part;
  }
}

TEST(PolarCodeTest, IsTheSameOnEveryMachine) {
  const PolarCode code = *PolarDesign::Create(100000, 0.07)->Code(60000);
  std::string bytes(reinterpret_cast<const char*>(code.information.data()),
                    8 * code.information.size());
  EXPECT_EQ(absl::BytesToHexString(Sha256Of(bytes)),
            "9963dd5784c058b7350a182855054158d9c38c62f437e50923b059163494cad4");
}

TEST(PolarCodeTest, RefusesWhatItCannotBe) {
  using absl::StatusCode;
  const auto status = [](int64_t length, double distortion) {
    return PolarDesign::Create(length, distortion).status().code();
  };
  EXPECT_EQ(status(0, 0.1), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(kMostPolarBlock + 1, 0.1), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(100, 0), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(100, 0.5), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(100, std::nan("")), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(100, kLeastDesignDistortion), StatusCode::kOk);
  EXPECT_EQ(status(100, kMostDesignDistortion), StatusCode::kOk);
  const PolarDesign design = *PolarDesign::Create(100, 0.1);
  EXPECT_EQ(design.Code(-1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(design.Code(101).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kvwire
