#include "client/rank/rank_plan.h"

#include <string>
#include <vector>

#include "client/rank/default_specs.h"
#include "common/kv/registry.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kRefused = absl::StatusCode::kInvalidArgument;

std::vector<ServerOffer> Servers() {
  ServerOffer own{.name = "built-in", .built_in = true};
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    own.algorithms.emplace_back(algorithm.name);
  }
  return {own, {.name = "there:1", .algorithms = {"theirs", "exact"}}};
}

// "server spec" of each competitor.
std::vector<std::string> Found(const std::vector<std::string>& algorithms,
                               const std::vector<ServerOffer>& servers) {
  RankPlan plan{.algorithms = algorithms};
  const std::vector<Competitor> competitors = FindCompetitors(plan, servers).value();
  std::vector<std::string> found;
  for (const Competitor& competitor : competitors) {
    found.push_back(std::to_string(competitor.server) + " " + competitor.spec);
    EXPECT_EQ(competitor.built_in, competitor.server == 0);
  }
  return found;
}

absl::Status Fault(const std::string& algorithm) {
  RankPlan plan{.algorithms = {"exact", algorithm}};
  return FindCompetitors(plan, Servers()).status();
}

TEST(RankPlanTest, NothingNamedIsTheDefaultComparisonAndAllOfAForeignServer) {
  std::vector<std::string> expected;
  for (const std::string& spec : DefaultComparison()) expected.push_back("0 " + spec);
  expected.insert(expected.end(), {"1 theirs", "1 exact"});
  EXPECT_EQ(Found({}, Servers()), expected);
}

TEST(RankPlanTest, TheBaselinesAreThereWhateverIsNamed) {
  const std::vector<ServerOffer> own = {Servers()[0]};
  EXPECT_THAT(Found({"float16"}, own), ElementsAre("0 zero", "0 mean", "0 float16"));
}

TEST(RankPlanTest, ANamedAlgorithmRunsWhereverItIs) {
  EXPECT_THAT(Found({"exact"}, Servers()),
              ElementsAre("0 zero", "0 mean", "0 exact", "1 exact"));
  EXPECT_THAT(Found({"theirs:x=1", "theirs:x=2"}, Servers()),
              ElementsAre("0 zero", "0 mean", "1 theirs:x=1", "1 theirs:x=2"));
  EXPECT_THAT(Found({"float16"}, Servers()),
              ElementsAre("0 zero", "0 mean", "0 float16", "1 theirs", "1 exact"));
}

TEST(RankPlanTest, NamesThatAreNotBuiltInAreRefusedInTheirRows) {
  const auto competitors = FindCompetitors({}, {Servers()[0]}).value();
  for (const Competitor& competitor : competitors) {
    const bool known =
        Servers()[0].Has(competitor.spec.substr(0, competitor.spec.find_first_of(":+")));
    const std::string expected = known ? "" : "there is no algorithm";
    EXPECT_THAT(competitor.refusal, HasSubstr(expected)) << competitor.spec;
    if (competitor.spec == "exact") {
      EXPECT_THAT(competitor.refusal, IsEmpty());
    }
  }
}

TEST(RankPlanTest, AnAlgorithmOfNobodyIsRefusedWithThoseThatThereAre) {
  EXPECT_THAT(Fault("nope:x=1"),
              StatusIs(kRefused, AllOf(HasSubstr("--algorithm nope:x=1"),
                                       HasSubstr("streaming"), HasSubstr("theirs"))));
}

TEST(RankPlanTest, BadSpecsAreRefused) {
  EXPECT_THAT(Fault(""), StatusIs(kRefused, HasSubstr("name")));
  EXPECT_THAT(Fault("streaming:window=-1"), StatusIs(kRefused, HasSubstr("window")));
  EXPECT_THAT(Fault("streaming:depth=1"), StatusIs(kRefused, HasSubstr("depth")));
  EXPECT_THAT(Fault("exact+nope"), StatusIs(kRefused, HasSubstr("nope")));
  EXPECT_THAT(Fault("streaming:window={m/2}"), StatusIs(kRefused, HasSubstr("{n/K}")));
}

TEST(RankPlanTest, TheScaleIsNotForASpecToSay) {
  EXPECT_THAT(Fault("exact:scale=2"), StatusIs(kRefused, HasSubstr("--scale")));
  EXPECT_THAT(Fault("theirs:scale=2"), StatusIs(kRefused, HasSubstr("--scale")));
}

TEST(RankPlanTest, ASpecFollowsTheStreamAndTheScale) {
  const Competitor own{.spec = "streaming:window={n/4},sinks=4"};
  EXPECT_EQ(AlgorithmOf(own, 4096, "1").value(), "streaming:window=1024");
  EXPECT_EQ(AlgorithmOf(own, 256, "1").value(), "streaming");
  EXPECT_EQ(AlgorithmOf(own, 256, "rsqrt").value(), "streaming:scale=rsqrt");
  EXPECT_THAT(AlgorithmOf({.spec = "nope"}, 1, "1"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("nope")));
  const Competitor foreign{.server = 1, .built_in = false, .spec = "nope:b={n/2},a=1"};
  EXPECT_EQ(AlgorithmOf(foreign, 8, "2").value(), "nope:a=1,b=4,scale=2");
}

TEST(RankPlanTest, ScaleFactorsAreThoseOfTheOption) {
  EXPECT_EQ(ScaleFactor("1", 64).value(), 1);
  EXPECT_EQ(ScaleFactor("rsqrt", 64).value(), 0.125);
  EXPECT_EQ(ScaleFactor("0.5", 64).value(), 0.5);
  for (const std::string text : {"", "0", "-1", "x", "1e3"}) {
    EXPECT_THAT(ScaleFactor(text, 64), StatusIs(kRefused, HasSubstr("scale"))) << text;
  }
}

TEST(RankPlanTest, AllWorkloadsThatNeedNoFileAreTheDefault) {
  EXPECT_THAT(DefaultWorkloads(""),
              ElementsAre("clustered", "flat", "needle", "peaky", "random", "var"));
  EXPECT_THAT(DefaultWorkloads("file").back(), "dump");
}

TEST(RankPlanTest, WorkloadsThatAreNoneAreRefused) {
  EXPECT_THAT(CheckWorkloads({.workloads = {"flat", "round"}}),
              StatusIs(kRefused, AllOf(HasSubstr("--workload round"), HasSubstr("peaky"))));
  EXPECT_THAT(CheckWorkloads({.workloads = {"dump"}}),
              StatusIs(kRefused, HasSubstr("--dump")));
  EXPECT_THAT(CheckWorkloads({.workloads = {"dump", "var"}, .dump = "file"}), IsOk());
}

}  // namespace
}  // namespace kvwire
