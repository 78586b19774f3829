// Evictors in the reduction: Alice's queries are zero, so a policy that goes by them is
// blind, and whatever it keeps is a share f of the rows. Bob reads those and guesses the
// others, which makes an error of (1 - f) / 2.

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/reduction/one_way.h"

namespace kvwire {
namespace {

// n = 32, d = 64: the pyramid 1, 2, .. 16.
constexpr int64_t kTokens = 341;
constexpr int64_t kDims = 64;
constexpr int64_t kBits = kTokens * kDims;

// Half of them are recent, where there is a choice.
std::string WithBudget(const std::string& name, int64_t budget) {
  if (name == "h2o") {
    return absl::StrCat("h2o:heavy=", budget - budget / 2, ",recent=", budget / 2);
  }
  if (name == "scissorhands") {
    return absl::StrCat("scissorhands:budget=", budget, ",recent=", budget / 2);
  }
  if (name == "snapkv") return absl::StrCat("snapkv:window=8,cap=", budget);
  return absl::StrCat(name, ":budget=", budget);
}

// The bits of each row that Bob reads wrong.
std::vector<int64_t> WrongBits(const std::string& algorithm, uint64_t seed) {
  const PublicParameters parameters = Make(Pyramid(32), kDims, KeyFrameKind::kUnit, algorithm);
  const BitVector bits = RandomBits(kBits, seed);
  const BitVector answers = Decode(parameters, Message(parameters, bits).value()).value();
  std::vector<int64_t> wrong(kTokens);
  for (int64_t i = 0; i < kBits; ++i) wrong[i / kDims] += answers.Get(i) != bits.Get(i);
  return wrong;
}

// A guess is wrong with probability 1/2: six standard deviations of their sum.
TEST(EvictionLawTest, BobErrsInHalfOfTheBitsThatWereEvictedAndInNoOther) {
  for (const std::string name : {"h2o", "scalekv", "scissorhands", "snapkv", "uniform"}) {
    for (const int64_t budget : {34, 85, 171, 256, 341}) {
      const std::vector<int64_t> wrong = WrongBits(WithBudget(name, budget), 7);
      const double guessed = static_cast<double>((kTokens - budget) * kDims);
      double errors = 0;
      int64_t whole = 0;
      for (const int64_t row : wrong) {
        errors += static_cast<double>(row);
        whole += row == 0;
      }
      EXPECT_NEAR(errors, guessed / 2, 3 * std::sqrt(guessed)) << name << " " << budget;
      // A row of 64 guesses is not right by chance.
      EXPECT_EQ(whole, budget) << name;
    }
  }
}

// Without queries the oldest tokens have been looked at most.
TEST(EvictionLawTest, HeavyHittersOfNoQueriesAreTheFirstRows) {
  for (const int64_t budget : {34, 170, 256}) {
    const std::vector<int64_t> wrong = WrongBits(WithBudget("h2o", budget), 7);
    for (int64_t row = 0; row < kTokens; ++row) {
      const bool kept = row < budget / 2 || row >= kTokens - budget / 2;
      EXPECT_EQ(wrong[row] == 0, kept) << row;
    }
  }
}

}  // namespace
}  // namespace kvwire
