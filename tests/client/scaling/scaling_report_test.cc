#include "client/scaling/scaling_report.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

// Times that grow as n^2, but attending as n^4, and memory that does not grow at all.
std::vector<ScalingPoint> Points(std::initializer_list<int64_t> sides) {
  std::vector<ScalingPoint> points;
  for (const int64_t side : sides) {
    const double square = static_cast<double>(side * side);
    points.push_back({.side = side,
                      .tokens = (side * side - 1) / 3,
                      .snapshot_bytes = 512 * side * side,
                      .wire_bytes = 600 * side * side,
                      .asked_rows = 7,
                      .errors = 2,
                      .runs = 3,
                      .ingest_seconds = 1e-6 * square,
                      .snapshot_seconds = 2e-6 * square,
                      .transfer_seconds = 3e-6 * square,
                      .restore_seconds = 4e-6 * square,
                      .attend_seconds = 1e-9 * square * square,
                      .peak_memory = {{"alice", 1 << 20}, {"driver", 5 << 20}}});
  }
  return points;
}

std::optional<double> Exponent(const std::vector<ScalingPoint>& points,
                               std::string_view name) {
  for (const ScalingQuantity& quantity : ScalingQuantities()) {
    if (quantity.name == name) return ExponentOf(points, quantity);
  }
  ADD_FAILURE() << "no quantity of that name";
  return std::nullopt;
}

TEST(ScalingReportTest, ExponentsAreThoseOfTheSizesThatAreFitted) {
  std::vector<ScalingPoint> points = Points({8, 64, 128, 256});
  points.front().ingest_seconds = 1000;  // too small a size to count
  EXPECT_NEAR(*Exponent(points, "ingest_seconds"), 2, 1e-9);
  EXPECT_NEAR(*Exponent(points, "attend_seconds"), 4, 1e-9);
  EXPECT_NEAR(*Exponent(points, "wire_bytes"), 2, 1e-9);
  EXPECT_NEAR(*Exponent(points, "alice_peak_bytes"), 0, 1e-9);
}

TEST(ScalingReportTest, NothingIsFittedToOneSizeOrToWhatWasNotMeasured) {
  EXPECT_EQ(Exponent(Points({8, 16, 32, 64}), "ingest_seconds"), std::nullopt);
  EXPECT_EQ(Exponent(Points({64, 128}), "bob_peak_bytes"), std::nullopt);
}

TEST(ScalingReportTest, CsvHasALineForEachSizeWithTheSameColumns) {
  const std::string csv = ScalingCsv(Points({8, 16}));
  const std::vector<std::string> lines = absl::StrSplit(csv, '\n');
  ASSERT_EQ(lines.size(), 4U);  // the last one is empty
  EXPECT_THAT(lines[0], HasSubstr("n,tokens,asked_rows,errors,runs,snapshot_bytes,ingest"));
  EXPECT_EQ(std::count(lines[0].begin(), lines[0].end(), ','),
            std::count(lines[2].begin(), lines[2].end(), ','));
  EXPECT_THAT(lines[2], HasSubstr("16,85,7,2,3,131072,0.000256,"));
}

TEST(ScalingReportTest, JsonSaysWhatWasAskedAndWhatIsFitted) {
  ScalingOptions options{.sides = {64, 128}, .rows = 7};
  options.run.dims = 64;
  const auto json = nlohmann::json::parse(ScalingJson(options, Points({64, 128})));
  EXPECT_EQ(json["asked_rows"], 7);
  EXPECT_EQ(json["points"][1]["n"], 128);
  EXPECT_EQ(json["points"][1]["driver_peak_bytes"], 5 << 20);
  EXPECT_NEAR(json["exponents"]["restore_seconds"], 2, 1e-9);
  EXPECT_TRUE(json["exponents"]["bob_peak_bytes"].is_null());
  options.rows = 0;
  EXPECT_EQ(nlohmann::json::parse(ScalingJson(options, {}))["asked_rows"], "all");
}

TEST(ScalingReportTest, TextSaysHowManyRowsWereAskedOfEachSize) {
  ScalingOptions options{.rows = 4096};
  EXPECT_THAT(ScalingHeadText(options), HasSubstr("Bob is asked for 4096 rows, or all"));
  options.rows = 0;
  EXPECT_THAT(ScalingHeadText(options), HasSubstr("Bob is asked for every row"));
  EXPECT_THAT(ScalingPointText(Points({16})[0]), HasSubstr("     16      85       7"));
  EXPECT_THAT(ScalingFitText(Points({64, 128})), HasSubstr("n^4.00"));
  EXPECT_THAT(ScalingFitText(Points({64})), HasSubstr("too few sizes"));
}

}  // namespace
}  // namespace kvwire
