#include "common/claims/claim_table.h"

#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/parallel.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

TEST(ClaimTableTest, NamesAreDifferentAndEveryFieldIsFilled) {
  std::set<std::string_view> names;
  for (const Claim& claim : AllClaims()) {
    EXPECT_TRUE(names.insert(claim.name).second) << claim.name;
    EXPECT_NE(claim.name, "all");
    EXPECT_FALSE(claim.statement.empty());
    EXPECT_FALSE(claim.source.empty());
    EXPECT_NE(claim.expected, Outcome::kUndecided);
  }
  EXPECT_EQ(names.size(), 10u);
}

TEST(FindClaimTest, FindsEachByItsName) {
  for (const Claim& claim : AllClaims()) EXPECT_EQ(FindClaim(claim.name).value(), &claim);
}

TEST(FindClaimTest, ListsTheNamesIfThereIsNoSuchClaim) {
  const absl::Status status = FindClaim("everything").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              testing::HasSubstr("'everything'; there are: jl, decodability"));
}

TEST(OutcomeNameTest, EachOutcomeHasItsOwn) {
  std::set<std::string_view> names;
  for (const Outcome outcome : {Outcome::kHolds, Outcome::kHoldsWithOtherConstants,
                                Outcome::kDoesNotHold, Outcome::kUndecided}) {
    EXPECT_FALSE(OutcomeName(outcome).empty());
    names.insert(OutcomeName(outcome));
  }
  EXPECT_EQ(names.size(), 4u);
}

TEST(ClaimOptionsTest, EffortScalesTheNumberOfDraws) {
  EXPECT_EQ(ClaimOptions{}.Draws(40), 40);
  EXPECT_EQ(ClaimOptions{.effort = 2.5}.Draws(41), 103);
  EXPECT_EQ(ClaimOptions{.effort = 0.01}.Draws(40), 1);
}

class ClaimTest : public testing::TestWithParam<Claim> {};

// At a part of the usual effort, which is enough for it.
TEST_P(ClaimTest, ComesOutAsTheoryExpects) {
  const ClaimReport report = GetParam().check({.seed = 3, .effort = 0.3}).value();
  EXPECT_EQ(report.outcome, GetParam().expected) << report.measured;
  EXPECT_FALSE(report.setting.empty());
  EXPECT_FALSE(report.measured.empty());
  EXPECT_FALSE(report.why.empty());
  EXPECT_GE(report.figures.size(), 4u);
  for (const Figure& figure : report.figures) {
    EXPECT_FALSE(figure.what.empty());
    if (!figure.interval.has_value()) continue;
    EXPECT_TRUE(figure.interval->Contains(figure.value)) << figure.what;
  }
}

TEST_P(ClaimTest, DependsOnTheSeedButNotOnTheNumberOfThreads) {
  const auto values = [](uint64_t seed, int threads) {
    SetParallelThreads(threads);
    const ClaimReport report = GetParam().check({.seed = seed, .effort = 0.02}).value();
    SetParallelThreads(0);
    std::vector<double> all;
    for (const Figure& figure : report.figures) all.push_back(figure.value);
    return all;
  };
  const std::vector<double> once = values(1, 4);
  EXPECT_EQ(values(1, 1), once);
  EXPECT_NE(values(2, 4), once);
}

std::vector<Claim> UntimedClaims() {
  std::vector<Claim> claims;
  for (const Claim& claim : AllClaims()) {
    if (claim.name != "tensor-time") claims.push_back(claim);
  }
  return claims;
}

std::string NameOf(const testing::TestParamInfo<Claim>& info) {
  std::string name;
  for (const char c : info.param.name) {
    if (std::isalnum(static_cast<unsigned char>(c))) name += c;
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Untimed, ClaimTest, testing::ValuesIn(UntimedClaims()), NameOf);

}  // namespace
}  // namespace kvwire
