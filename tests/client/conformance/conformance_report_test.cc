// The JSON is read back by the parser of Protocol Buffers, not by the library that
// wrote it.

#include "client/conformance/conformance_report.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kvwire::conformance {
namespace {

using ::google::protobuf::Struct;
using ::testing::HasSubstr;
using ::testing::Not;

Finding Passes(const Subject& /*subject*/) { return absl::OkStatus(); }

constexpr Case kGood = {"good-case", "the good rule", Passes};
constexpr Case kBad = {"bad-case", "the bad rule", Passes};
constexpr Case kOther = {"other-case", "the other rule", Passes};

ConformanceReport Report() {
  const CaseTable table = {.title = "exact",
                           .setup = "d = 8",
                           .results = {{&kGood, absl::OkStatus()},
                                       {&kBad, absl::InternalError("expected 1, got \xff")},
                                       {&kOther, NotApplicable("no options")}}};
  return {.endpoint = "127.0.0.1:7", .process_id = 9, .tables = {table}};
}

TEST(ConformanceReportTest, ATableHasALineACaseWithItsRuleOrWhatWasFound) {
  EXPECT_EQ(TableText(Report().tables[0]),
            "exact (d = 8)\n"
            "  good-case                      pass  the good rule\n"
            "  bad-case                       FAIL  expected 1, got \xff\n"
            "  other-case                     n/a   no options\n");
}

TEST(ConformanceReportTest, ATableOfNoSetupNamesTheRefusalOnce) {
  const CaseTable table = {.title = "exact",
                           .results = {{&kBad, absl::InternalError("refused")},
                                       {&kGood, Finding(Outcome::kSkip, "no tokens")},
                                       {&kOther, Finding(Outcome::kSkip, "no tokens")}}};
  EXPECT_EQ(TableText(table),
            "exact\n  bad-case                       FAIL  refused\n"
            "  and 2 more cases skip\n");
}

TEST(ConformanceReportTest, TheSummaryCountsAndRepeatsTheFailures) {
  const std::string text = SummaryText(Report());
  EXPECT_THAT(text,
              HasSubstr("127.0.0.1:7: 1 passed, 1 failed, 0 skipped, 1 not applicable\n"));
  EXPECT_THAT(text, HasSubstr("  exact, bad-case: expected 1, got"));
  EXPECT_THAT(text, Not(HasSubstr("other-case")));
}

TEST(ConformanceReportTest, IsOkWithoutAFailureAndWithAPass) {
  ConformanceReport report = Report();
  EXPECT_FALSE(report.ok());
  report.tables[0].results.erase(report.tables[0].results.begin() + 1);
  EXPECT_TRUE(report.ok());
  report.tables[0].results.erase(report.tables[0].results.begin());
  EXPECT_FALSE(report.ok());  // nothing applied
}

TEST(ConformanceReportTest, TheJsonHoldsAllOfIt) {
  Struct json;
  const std::string text = ReportJson(Report());
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(text, &json).ok()) << text;
  const auto& fields = json.fields();
  EXPECT_EQ(fields.at("endpoint").string_value(), "127.0.0.1:7");
  EXPECT_EQ(fields.at("process_id").number_value(), 9);
  EXPECT_EQ(fields.at("passed").number_value(), 1);
  EXPECT_EQ(fields.at("failed").number_value(), 1);
  EXPECT_EQ(fields.at("skipped").number_value(), 0);
  EXPECT_EQ(fields.at("not_applicable").number_value(), 1);
  const auto& table = fields.at("tables").list_value().values(0).struct_value().fields();
  EXPECT_EQ(table.at("title").string_value(), "exact");
  const auto& bad = table.at("cases").list_value().values(1).struct_value().fields();
  EXPECT_EQ(bad.at("case").string_value(), "bad-case");
  EXPECT_EQ(bad.at("rule").string_value(), "the bad rule");
  EXPECT_EQ(bad.at("outcome").string_value(), "FAIL");
  EXPECT_EQ(bad.at("detail").string_value(), "expected 1, got \xef\xbf\xbd");
  const auto& verdict = fields.at("verdict").struct_value().fields();
  EXPECT_FALSE(verdict.at("ok").bool_value());
  EXPECT_EQ(verdict.at("reasons").list_value().values_size(), 1);
}

}  // namespace
}  // namespace kvwire::conformance
