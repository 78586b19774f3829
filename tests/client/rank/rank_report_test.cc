#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "client/rank/rank_csv.h"
#include "client/rank/rank_json.h"
#include "client/rank/rank_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/rank/rank_rows.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A table with a measured row, a refused one, and one whose books are wrong.
RankTable Table() {
  RankTable table{.workload = "flat", .description = "what it is", .tokens = 8, .dims = 4};
  RankRow measured = RowOf("a:b=1,c=2", Statistic::kErrorMean, {0.25, 0.75});
  for (RankSample& sample : measured.samples) {
    sample.Set(Statistic::kStateBits, 1000);
    sample.restore_equal = true;
  }
  RankRow wrong = RowOf("liar", Statistic::kStateBits, {10, 10});
  wrong.kind = "foreign";
  wrong.server = "there:1";
  wrong.samples[1].reasons = {"it claims, \"10\""};
  table.rows = {RefusedRow("needy", "there is no frame"), measured, wrong};
  return table;
}

RankPlan Plan() {
  RankPlan plan{.workloads = {"flat"}, .seeds = 2};
  plan.reduction.n = 32;
  return plan;
}

std::vector<std::string> Lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(RankTextTest, HasARowAnAlgorithmSortedByBits) {
  const std::vector<std::string> lines = Lines(RankText(Table()));
  EXPECT_EQ(lines[0], "flat: what it is");
  EXPECT_THAT(lines[2], AllOf(HasSubstr("algorithm"), HasSubstr("relative error")));
  EXPECT_THAT(lines[3], AllOf(HasSubstr("  liar @there:1 "), HasSubstr("FAILED")));
  EXPECT_THAT(lines[4], HasSubstr("it claims, \"10\" (seed 2)"));
  EXPECT_THAT(lines[5], AllOf(HasSubstr("  a:b=1,c=2 "), HasSubstr(" 0.5 +-3 "),
                              HasSubstr("equal"), HasSubstr("ok")));
  EXPECT_THAT(lines[6], HasSubstr("refused: there is no frame"));
}

TEST(RankTextTest, BitsHaveColumnsOfTheirOwn) {
  RankTable table{.workload = "random", .description = "bits", .bits = true, .tokens = 50};
  table.rows = {RowOf("a", Statistic::kBitErrorRate, {0, 0})};
  const std::vector<std::string> lines = Lines(RankText(table));
  EXPECT_THAT(lines[2], AllOf(HasSubstr("bits/bit"), HasSubstr("bit error rate"),
                              HasSubstr("efficiency"), Not(HasSubstr("cosine"))));
  EXPECT_THAT(lines[3], HasSubstr(" 0 <0.036 "));  // no wrong row among 100
}

TEST(RankCsvTest, EveryLineHasEveryColumn) {
  const std::vector<std::string> lines = Lines(RankCsv({Table()}));
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_THAT(lines[0], HasSubstr("workload,tokens,d,spec,algorithm,server,kind,outcome,seeds,"
                                  "restore_equal,verdict,payload_bits_mean,payload_bits_low,"
                                  "payload_bits_high,state_bits_mean"));
  EXPECT_THAT(lines[0], HasSubstr(",decode_mb_per_s_high,reason"));
  for (const std::string& line : lines) {
    int columns = 1;
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      if (c == ',' && !quoted) ++columns;
    }
    EXPECT_EQ(columns, 11 + 3 * 17 + 1) << line;
  }
}

TEST(RankCsvTest, FieldsWithCommasAndQuotesAreQuoted) {
  const std::string csv = RankCsv({Table()});
  EXPECT_THAT(csv,
              HasSubstr("flat,8,4,\"a:b=1,c=2\",\"a:b=1,c=2\",built-in,baseline,measured,2,"
                        "yes,ok,"));
  EXPECT_THAT(csv, HasSubstr(",\"it claims, \"\"10\"\" (seed 2)\"\n"));
  EXPECT_THAT(csv, HasSubstr("flat,8,4,needy,needy,built-in,baseline,refused,0,,ok,"));
}

TEST(RankJsonTest, HoldsTheParametersAndEverySample) {
  const auto json = nlohmann::json::parse(RankJson(Plan(), {Table()}));
  EXPECT_EQ(json["parameters"]["seeds"], 2);
  EXPECT_EQ(json["parameters"]["random"]["n"], 32);
  const auto& workload = json["workloads"][0];
  EXPECT_EQ(workload["workload"], "flat");
  EXPECT_EQ(workload["tokens"], 8);
  const auto& row = workload["rows"][1];
  EXPECT_EQ(row["algorithm"], "a:b=1,c=2");
  EXPECT_EQ(row["outcome"], "measured");
  EXPECT_EQ(row["restore_equal"], true);
  EXPECT_EQ(row["statistics"]["error_mean"]["mean"], 0.5);
  EXPECT_EQ(row["statistics"]["error_mean"]["samples"], nlohmann::json({0.25, 0.75}));
  EXPECT_LT(row["statistics"]["error_mean"]["low"], 0);
  EXPECT_FALSE(row["statistics"].contains("floor_bits"));
}

TEST(RankJsonTest, SaysWhatIsWrongAndWhatWasRefused) {
  const auto json = nlohmann::json::parse(RankJson(Plan(), {Table()}));
  const auto& rows = json["workloads"][0]["rows"];
  EXPECT_EQ(rows[0]["verdict"]["ok"], false);
  EXPECT_EQ(rows[0]["verdict"]["reasons"][0], "it claims, \"10\" (seed 2)");
  EXPECT_EQ(rows[0]["restore_equal"], nullptr);
  EXPECT_EQ(rows[2]["refusal"], "there is no frame");
  EXPECT_EQ(rows[2]["verdict"]["ok"], true);
  EXPECT_EQ(rows[2]["statistics"], nlohmann::json::object());
}

}  // namespace
}  // namespace kvwire
