#include "client/sweep/sweep_spec.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string OneGrid(const std::string& members) {
  return absl::StrCat(R"({"grids": [{"n": 8, "algorithm": "exact", )", members, "}]}");
}

std::vector<int64_t> SeedsOf(const std::string& seeds) {
  const auto trials = ParseSweepSpec(OneGrid("\"seeds\": " + seeds)).value();
  std::vector<int64_t> found;
  for (const Trial& trial : trials) found.push_back(trial.seed);
  return found;
}

TEST(SweepSpecTest, WhatIsNotSaidIsAsInKvwireRun) {
  const auto trials = ParseSweepSpec(R"({"grids": [{"n": 8, "algorithm": "exact"}]})");
  ASSERT_THAT(trials, IsOk());
  const Trial wanted = {.problem = "var",
                        .n = 8,
                        .dims = 256,
                        .frame = "unit",
                        .sharpness = "solve",
                        .encoding = "bits",
                        .eta_mode = "worst",
                        .mask = "private",
                        .algorithm = "exact",
                        .seed = 1,
                        .secret_seed = "000000000000000001"};
  EXPECT_THAT(*trials, ElementsAre(wanted));
}

TEST(SweepSpecTest, AGridIsAllCombinationsTheSeedRunningFastest) {
  const auto trials = ParseSweepSpec(
      R"({"grids": [{"n": [8, 16], "algorithm": ["exact", "mean"], "seeds": 2}]})");
  ASSERT_THAT(trials, IsOk());
  std::vector<std::string> order;
  for (const Trial& trial : *trials) {
    order.push_back(absl::StrCat(trial.n, trial.algorithm, trial.seed));
  }
  EXPECT_THAT(order, ElementsAre("8exact1", "8exact2", "8mean1", "8mean2", "16exact1",
                                 "16exact2", "16mean1", "16mean2"));
}

TEST(SweepSpecTest, EveryKeyTakesAListOfValues) {
  const auto trials = ParseSweepSpec(
      R"({"grids": [{"problem": ["var", "index"], "n": [8, 16], "scales": ["1,2", "1,3"],
          "d": [1, 2], "frame": ["unit", "code"], "sharpness": ["solve", 12.5],
          "encoding": ["bits", "signs"], "eta": [0, 0.5], "eta_mode": ["worst", "random"],
          "mask": ["private", "none"], "ask": ["", "all"], "memory_limit": [0, 9],
          "algorithm": ["exact", "mean"], "seeds": [5, 7]}]})");
  ASSERT_THAT(trials, IsOk());
  ASSERT_EQ(trials->size(), size_t{4} << 12);
  const Trial wanted = {.problem = "index",
                        .scales = "1,3",
                        .dims = 2,
                        .frame = "code",
                        .sharpness = "12.5",
                        .encoding = "signs",
                        .eta = 0.5,
                        .eta_mode = "random",
                        .mask = "none",
                        .ask = "all",
                        .memory_limit_bytes = 9,
                        .algorithm = "mean",
                        .seed = 7,
                        .secret_seed = "000000000000000007"};
  EXPECT_EQ(trials->back(), wanted);
}

TEST(SweepSpecTest, SeedsAreACountARangeOrAList) {
  EXPECT_THAT(SeedsOf("3"), ElementsAre(1, 2, 3));
  EXPECT_THAT(SeedsOf(R"({"first": 10, "count": 2})"), ElementsAre(10, 11));
  EXPECT_THAT(SeedsOf("[5, 0, 5]"), ElementsAre(5, 0, 5));
}

TEST(SweepSpecTest, PrivateBitsFollowFromTheSeedsAlone) {
  const auto trials = ParseSweepSpec(
      R"({"secret_seed": "abcd", "grids": [
          {"n": 8, "algorithm": ["exact", "mean"], "seeds": [17]}]})");
  ASSERT_THAT(trials, IsOk());
  EXPECT_EQ((*trials)[0].secret_seed, "abcd0000000000000011");
  EXPECT_EQ((*trials)[1].secret_seed, (*trials)[0].secret_seed);
}

TEST(SweepSpecTest, GridsFollowEachOther) {
  const auto trials =
      ParseSweepSpec(R"({"grids": [{"n": 8, "algorithm": "a"}, {"n": 4, "algorithm": "b"}]})");
  ASSERT_THAT(trials, IsOk());
  EXPECT_THAT(*trials, ElementsAre(::testing::Field(&Trial::algorithm, "a"),
                                   ::testing::Field(&Trial::algorithm, "b")));
}

TEST(SweepSpecTest, TextThatIsNoSpecIsRefused) {
  for (const std::string text :
       {"", "{", "[]", "{}", R"({"grids": []})", R"({"grids": {}})"}) {
    EXPECT_THAT(ParseSweepSpec(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("list of grids")))
        << text;
  }
  EXPECT_THAT(ParseSweepSpec(R"({"grids": [1]})"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("grid 1: ")));
}

TEST(SweepSpecTest, AKeyThatIsNoneIsRefusedWithThoseThatAre) {
  EXPECT_THAT(ParseSweepSpec(OneGrid(R"("algoritm": "mean")")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("'algoritm'"), HasSubstr("memory_limit"))));
  EXPECT_THAT(ParseSweepSpec(R"({"grids": [{}], "seed": 1})"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'seed'")));
}

TEST(SweepSpecTest, AKeyThatMustBeThereIsAskedFor) {
  EXPECT_THAT(ParseSweepSpec(R"({"grids": [{"n": 8}]})"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("algorithm")));
  EXPECT_THAT(ParseSweepSpec(R"({"grids": [{"algorithm": "exact"}]})"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("n or as scales")));
}

TEST(SweepSpecTest, AValueOfAnotherKindIsRefusedWithItsKey) {
  const std::pair<std::string, std::string> wrong[] = {
      {R"("problem": 1)", "problem: 1"},
      {R"("d": "64")", "d: \"64\""},
      {R"("d": -1)", "d: -1"},
      {R"("d": 1.5)", "d: 1.5"},
      {R"("d": 9223372036854775808)", "d:"},
      {R"("eta": "x")", "eta: \"x\""},
      {R"("sharpness": [[]])", "sharpness"},
      {R"("frame": [])", "frame: the list is empty"},
      {R"("mask": null)", "mask"},
      {R"("seeds": 0)", "seeds"},
      {R"("seeds": "x")", "seeds"},
      {R"("seeds": [-1])", "seeds: -1"},
      {R"("seeds": {"first": 1})", "seeds"},
      {R"("seeds": [])", "seeds: the list is empty"}};
  for (const auto& [members, message] : wrong) {
    EXPECT_THAT(ParseSweepSpec(OneGrid(members)),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)))
        << members;
  }
}

TEST(SweepSpecTest, ASecretSeedThatIsNoneIsRefused) {
  for (const std::string seed : {"1", "\"\"", "\"x\"", "\"012\""}) {
    EXPECT_THAT(ParseSweepSpec(absl::StrCat(R"({"grids": [{}], "secret_seed": )", seed, "}")),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("secret")))
        << seed;
  }
}

TEST(SweepSpecTest, AsManyTrialsAsMayBeAndNotOneMore) {
  EXPECT_EQ(ParseSweepSpec(OneGrid(R"("seeds": 262144)")).value().size(), 262144u);
  const auto too_many = StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("262144"));
  EXPECT_THAT(ParseSweepSpec(OneGrid(R"("seeds": 262145)")), too_many);
  EXPECT_THAT(ParseSweepSpec(OneGrid(R"("seeds": 131073, "d": [1, 2])")), too_many);
  // Together: 131073 and 131072.
  EXPECT_THAT(ParseSweepSpec(R"({"grids": [{"n": 8, "algorithm": "a", "seeds": 131073},
                                           {"n": 8, "algorithm": "b", "seeds": 131072}]})"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("grid 2: ")));
}

}  // namespace
}  // namespace kvwire
