#include "client/curve/curve_point.h"

#include <sstream>
#include <string>
#include <vector>

#include "client/curve/curve_csv.h"
#include "client/curve/curve_specs.h"
#include "client/curve/curve_text.h"
#include "client/rank/rank_row.h"
#include "common/kv/registry.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Of 10000 bits, so many wrong.
RankSample SampleOf(uint64_t seed, double state, double header, double wire_bytes,
                    double errors) {
  RankSample sample;
  sample.seed = seed;
  sample.Set(Statistic::kPayloadBits, 10000);
  sample.Set(Statistic::kStateBits, state);
  sample.Set(Statistic::kHeaderBits, header);
  sample.Set(Statistic::kWireBytes, wire_bytes);
  sample.Set(Statistic::kBitErrors, errors);
  sample.Set(Statistic::kBitErrorRate, errors / 10000);
  return sample;
}

RankRow RowOf(const std::string& spec, std::vector<RankSample> samples) {
  return {.spec = spec,
          .algorithm = spec,
          .server = "built-in",
          .kind = "baseline",
          .samples = std::move(samples)};
}

RankTable TableOf(std::vector<RankRow> rows) {
  return {.workload = "random", .bits = true, .tokens = 100, .dims = 100, .rows = rows};
}

std::vector<std::string> Lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(CurvePointTest, IsTheMeanOfTheSeedsForABitOfPayload) {
  const std::vector<CurvePoint> points =
      CurvePoints(TableOf({RowOf("floor:error=0.11", {SampleOf(1, 5400, 200, 1000, 1000),
                                                      SampleOf(2, 5600, 200, 1250, 1200)})}),
                  "var");
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].series, "floor");
  EXPECT_EQ(points[0].seeds, 2);
  EXPECT_DOUBLE_EQ(points[0].error_rate, 0.11);
  EXPECT_NEAR(points[0].curve, 0.500084, 1e-6);
  EXPECT_DOUBLE_EQ(points[0].state, 0.55);
  EXPECT_DOUBLE_EQ(points[0].snapshot, 0.57);
  EXPECT_DOUBLE_EQ(points[0].wire, 0.9);
  EXPECT_TRUE(points[0].good());
}

// 1000 wrong bits of 10000 leave 5310 - 6.4 bits: log2 V(10000, 1000) = 4685.
TEST(CurvePointTest, BelowTheCurveIsWhateverIsFurtherThanLuckTakesIt) {
  const auto reasons = [](double state, double header, double wire_bytes) {
    const RankSample honest = SampleOf(1, 6000, 0, 1000, 1000);
    const RankSample other = SampleOf(2, state, header, wire_bytes, 1000);
    return CurvePoints(TableOf({RowOf("x", {honest, other})}), "var")[0].reasons;
  };
  EXPECT_THAT(reasons(5320, 0, 800), IsEmpty());
  EXPECT_THAT(reasons(5290, 0, 800), IsEmpty());
  EXPECT_THAT(reasons(5250, 0, 800),
              ElementsAre(HasSubstr("below the curve: 5250 bits, ")));          // the claim
  EXPECT_THAT(reasons(6000, -1000, 800), ElementsAre(HasSubstr("5000 bits")));  // the snapshot
  EXPECT_THAT(reasons(6000, 0, 600), ElementsAre(HasSubstr("4800 bits")));      // the wire
  EXPECT_THAT(reasons(6000, 0, 600), ElementsAre(HasSubstr("(seed 2)")));
}

TEST(CurvePointTest, BitsThatAreAllWrongAreKnownToo) {
  const RankRow row =
      RowOf("liar", {SampleOf(1, 100, 0, 900, 10000), SampleOf(2, 100, 0, 900, 10000)});
  const CurvePoint point = CurvePoints(TableOf({row}), "var")[0];
  EXPECT_DOUBLE_EQ(point.curve, 1);
  EXPECT_EQ(point.reasons.size(), 2U);
}

TEST(CurvePointTest, WhatAVerdictFoundFailsThePointToo) {
  RankRow row = RowOf("x", {SampleOf(1, 6000, 0, 1000, 1000)});
  row.samples[0].reasons = {"the ends disagree"};
  EXPECT_THAT(CurvePoints(TableOf({row}), "var")[0].reasons,
              ElementsAre("the ends disagree (seed 1)"));
}

TEST(CurvePointTest, PointsStandInOrderOfErrorAndRefusedOnesLast) {
  RankRow refused = RowOf("a", {});
  refused.refusal = "not this one";
  const std::vector<CurvePoint> points =
      CurvePoints(TableOf({refused, RowOf("b", {SampleOf(1, 6000, 0, 1000, 1000)}),
                           RowOf("c", {SampleOf(1, 10000, 0, 2000, 0)})}),
                  "var");
  EXPECT_EQ(points[0].algorithm, "c");
  EXPECT_EQ(points[1].algorithm, "b");
  EXPECT_EQ(points[2].refusal, "not this one");
  EXPECT_FALSE(points[2].measured());
  EXPECT_TRUE(points[2].good());
}

TEST(CurveCsvTest, HasTheCurveAndThePoints) {
  RankRow refused = RowOf("a:b=1,c=2", {});
  refused.refusal = "not, \"this\" one";
  const std::vector<std::string> lines = Lines(CurveCsv(CurvePoints(
      TableOf({RowOf("b", {SampleOf(1, 6000, 200, 1000, 1000)}), refused}), "var")));
  ASSERT_EQ(lines.size(), 1U + 101 + 2);
  EXPECT_EQ(
      lines[0],
      "series,algorithm,server,problem,tokens,d,seeds,payload_bits,error_rate,curve,state,"
      "snapshot,wire,snapshot_over_curve,wire_over_curve,verdict,reason");
  EXPECT_EQ(lines[1], "curve,,,,,,,,0,1,,,,,,,");
  EXPECT_EQ(lines[101], "curve,,,,,,,,0.5,0,,,,,,,");
  EXPECT_EQ(lines[102],
            "baseline,b,built-in,var,100,100,1,10000,0.1,0.531004406,0.6,0.62,0.8,1.1675986,"
            "1.50657884,ok,");
  EXPECT_EQ(lines[103],
            "baseline,\"a:b=1,c=2\",built-in,var,100,100,0,,,,,,,,,refused,"
            "\"not, \"\"this\"\" one\"");
}

TEST(CurveTextTest, SaysThatNothingIsBelowOrWhatIs) {
  const RankRow good = RowOf("good", {SampleOf(1, 6000, 200, 1000, 1000)});
  EXPECT_THAT(CurveText(CurvePoints(TableOf({good}), "var")),
              HasSubstr("1 points, nothing lies below the curve"));
  const RankRow liar = RowOf("liar", {SampleOf(1, 60, 200, 1000, 1000)});
  const std::string text = CurveText(CurvePoints(TableOf({good, liar}), "var"));
  EXPECT_THAT(text, HasSubstr("1 of 2 points failed"));
  EXPECT_THAT(text, HasSubstr("below the curve: 60 bits"));
  EXPECT_THAT(text, Not(HasSubstr("nothing lies below")));
}

TEST(CurveSpecsTest, FloorIsThereTwentyTimesAndEveryAlgorithmOnceAtLeast) {
  const std::vector<std::string> specs = CurveSpecs();
  std::vector<std::string> names;
  int floors = 0;
  for (const std::string& spec : specs) {
    EXPECT_TRUE(spec.find('{') != std::string::npos || ParseBuiltInSpec(spec).ok()) << spec;
    names.push_back(spec.substr(0, spec.find_first_of(":+")));
    floors += names.back() == "floor";
  }
  EXPECT_EQ(floors, kFloorPoints);
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    EXPECT_THAT(names, ::testing::Contains(algorithm.name));
  }
}

TEST(CurveSpecsTest, TensorAttentionAloneIsToldApart) {
  EXPECT_TRUE(IsTensorOnly("subgen4:t=2"));
  EXPECT_FALSE(IsTensorOnly("exact"));
  EXPECT_FALSE(IsTensorOnly("theirs"));
}

}  // namespace
}  // namespace kvwire
