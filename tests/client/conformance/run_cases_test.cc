#include "client/conformance/run_cases.h"

#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kvwire::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Finding Passes(const Subject& /*subject*/) { return absl::OkStatus(); }
Finding Fails(const Subject& /*subject*/) { return absl::InternalError("because"); }
Finding DoesNotApply(const Subject& /*subject*/) { return NotApplicable("no options"); }

// Runs `cases`, which must outlive the table, on a subject that needs no server.
CaseTable TableOf(const std::vector<Case>& cases, const std::string& refusal = "") {
  const PlugIn nobody({"127.0.0.1", 1});
  const v1::DescribeResponse description;
  const Subject subject{.plug_in = nobody, .description = description, .refusal = refusal};
  std::vector<const Case*> pointers;
  for (const Case& one : cases) pointers.push_back(&one);
  return RunCases("exact", "d = 8", pointers, subject);
}

std::vector<Outcome> Outcomes(const CaseTable& table) {
  std::vector<Outcome> outcomes;
  for (const CaseResult& result : table.results) outcomes.push_back(result.finding.outcome);
  return outcomes;
}

TEST(RunCasesTest, KeepsTheOrderAndWhatEachFound) {
  const std::vector<Case> cases = {
      {"one", "rule", Passes}, {"two", "rule", Fails}, {"three", "rule", DoesNotApply}};
  const CaseTable table = TableOf(cases);
  EXPECT_THAT(Outcomes(table),
              ElementsAre(Outcome::kPass, Outcome::kFail, Outcome::kNotApplicable));
  EXPECT_EQ(table.results[1].which->name, "two");
  EXPECT_EQ(table.results[1].finding.detail, "because");
  EXPECT_EQ(table.results[2].finding.detail, "no options");
  EXPECT_EQ(table.Count(Outcome::kPass), 1);
  EXPECT_EQ(table.Count(Outcome::kSkip), 0);
}

TEST(RunCasesTest, ACaseIsSkippedIfOneOfThoseItRestsOnDidNotPass) {
  const std::vector<Case> cases = {{"good", "", Passes},
                                   {"bad", "", Fails},
                                   {"missing", "", DoesNotApply},
                                   {"on-good", "", Passes, {"good"}},
                                   {"on-bad", "", Passes, {"bad"}},
                                   {"on-both", "", Passes, {"good", "bad"}},
                                   {"on-missing", "", Passes, {"missing"}},
                                   {"on-skipped", "", Passes, {"on-bad"}},
                                   {"on-none", "", Passes, {"nonesuch"}}};
  const CaseTable table = TableOf(cases);
  EXPECT_THAT(Outcomes(table),
              ElementsAre(Outcome::kPass, Outcome::kFail, Outcome::kNotApplicable,
                          Outcome::kPass, Outcome::kSkip, Outcome::kSkip, Outcome::kSkip,
                          Outcome::kSkip, Outcome::kPass));
  EXPECT_THAT(table.results[5].finding.detail, HasSubstr("rests on bad"));
}

TEST(RunCasesTest, WithoutASetupOnlyTheCaseThatSaysSoRuns) {
  const std::vector<Case> cases = {{kTakesTokens, "", Fails}, {"other", "", Passes}};
  EXPECT_THAT(Outcomes(TableOf(cases, "d = 8 is refused")),
              ElementsAre(Outcome::kFail, Outcome::kSkip));
}

TEST(RunCasesTest, EveryCaseHasANameOfItsOwnAndRestsOnEarlierOnes) {
  std::set<std::string_view> names;
  for (const Case* one : AllServerCases()) EXPECT_TRUE(names.insert(one->name).second);
  for (const Case* one : AllAlgorithmCases()) {
    EXPECT_FALSE(one->rule.empty()) << one->name;
    for (const std::string_view base : one->rests_on) {
      EXPECT_TRUE(base.empty() || names.contains(base)) << one->name;
    }
    EXPECT_TRUE(names.insert(one->name).second) << one->name;
  }
  EXPECT_GE(names.size(), 60U);
}

}  // namespace
}  // namespace kvwire::conformance
