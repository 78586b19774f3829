#include "client/sweep/results_dump.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/sweep/results_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/sweep/trials.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ResultsDumpTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::vector<TrialRecord>& records) {
    const std::string path = folder_.File(name);
    ResultsFile file = ResultsFile::OpenToWrite(path).value();
    EXPECT_THAT(file.RecordAll(records), IsOk());
    return path;
  }

  // The records of the plan's trials from `first` to `last`.
  std::vector<TrialRecord> Records(size_t first, size_t last) const {
    std::vector<TrialRecord> records;
    for (size_t k = first; k <= last; ++k) records.push_back(RecordOf(plan_.trials[k]));
    return records;
  }

  Folder folder_;
  SweepPlan plan_ = PlanOf(12);
};

TEST_F(ResultsDumpTest, ARowIsTheTrialAndItsResult) {
  const SweepResults results = ReadResults({Write("a.db", Records(0, 0))}).value();
  EXPECT_EQ(
      ResultsCsv(results, false).value(),
      absl::StrCat(
          "key,problem,n,scales,d,frame,sharpness,encoding,eta,eta_mode,mask,ask,"
          "memory_limit_bytes,algorithm,seed,secret_seed,outcome,refusal,sharpness_used,"
          "payload_bits,asked_bits,asked_errors,bit_errors,floor_bits,soft_floor_bits,"
          "state_bits,snapshot_bytes,snapshot_sha256\n",
          plan_.trials[0].key,
          ",var,8,\"1,2,4,8\",64,unit,solve,bits,0.25,worst,private,all,0,exact,1,00,ok,,"
          "0.1,1000,,,,,,,,\n"));
}

TEST_F(ResultsDumpTest, RowsAreSortedByWhatTheTrialsAre) {
  const SweepResults results = ReadResults({Write("a.db", Records(0, 11))}).value();
  std::vector<int64_t> seeds;
  for (const auto& row : nlohmann::json::parse(ResultsJson(results, false).value())) {
    seeds.push_back(row["seed"].get<int64_t>());
  }
  EXPECT_THAT(seeds, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
}

TEST_F(ResultsDumpTest, WhatWasMeasuredIsThereIfAskedFor) {
  const SweepResults results = ReadResults({Write("a.db", Records(0, 0))}).value();
  const auto rows = nlohmann::json::parse(ResultsJson(results, true).value());
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["reasons"], "a \"reason\",\nand another");
  EXPECT_TRUE(rows[0]["total_seconds"].is_null());
  EXPECT_THAT(ResultsCsv(results, true).value(),
              HasSubstr(",\"a \"\"reason\"\",\nand another\","));
  EXPECT_FALSE(
      nlohmann::json::parse(ResultsJson(results, false).value())[0].contains("reasons"));
}

TEST_F(ResultsDumpTest, NoResultsAreAHeaderAndAnEmptyList) {
  const SweepResults none;
  const std::string csv = ResultsCsv(none, false).value();
  EXPECT_EQ(csv.find('\n'), csv.size() - 1);
  EXPECT_TRUE(nlohmann::json::parse(ResultsJson(none, false).value()).empty());
}

TEST_F(ResultsDumpTest, FilesThatOverlapAreOneWhateverTheirOrder) {
  const std::string a = Write("a.db", Records(0, 7));
  const std::string b = Write("b.db", Records(4, 11));
  const std::string all = Write("all.db", Records(0, 11));
  const std::string wanted = ResultsCsv(ReadResults({all}).value(), false).value();
  EXPECT_EQ(ResultsCsv(ReadResults({a, b}).value(), false).value(), wanted);
  EXPECT_EQ(ResultsCsv(ReadResults({b, a}).value(), false).value(), wanted);
}

TEST_F(ResultsDumpTest, OfATrialThatTwoFilesHaveTheFirstOnesMeasuresAreTaken) {
  const std::vector<TrialRecord> first = Records(0, 0);
  const std::vector<TrialRecord> second = Records(0, 0);
  ASSERT_NE(first[0].measured, second[0].measured);
  const SweepResults results =
      ReadResults({Write("a.db", first), Write("b.db", second)}).value();
  EXPECT_EQ(results.records.at(first[0].key).measured, first[0].measured);
}

TEST_F(ResultsDumpTest, FilesThatDisagreeAreDataLoss) {
  std::vector<TrialRecord> other = Records(3, 3);
  other[0].result[3] = int64_t{0};
  EXPECT_THAT(ReadResults({Write("a.db", Records(0, 5)), Write("b.db", other)}),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("a.db"), HasSubstr("b.db"), HasSubstr(other[0].key))));
}

TEST_F(ResultsDumpTest, ATrialThatDoesNotBelongToItsKeyIsDataLoss) {
  std::vector<TrialRecord> records = Records(0, 0);
  records[0].trial = plan_.trials[1].text;
  const SweepResults results = ReadResults({Write("a.db", records)}).value();
  EXPECT_THAT(ResultsCsv(results, false),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr(records[0].key)));
}

TEST_F(ResultsDumpTest, APlansTrialsAreCountedAndNoOthers) {
  ResultsFile file = ResultsFile::OpenToWrite(folder_.File("a.db")).value();
  ASSERT_THAT(file.RecordAll(Records(2, 11)), IsOk());
  ASSERT_THAT(file.RecordBroken({.key = plan_.trials[0].key,
                                 .trial = plan_.trials[0].text,
                                 .attempts = 3,
                                 .code = "INTERNAL",
                                 .message = "oh"}),
              IsOk());
  const SweepResults results = ReadResults({folder_.File("a.db")}).value();
  const SweepPlan five = PlanOf(5);
  const TrialCounts counts = CountTrials(five, results);
  EXPECT_EQ(counts.ToString(), "5 trials: 2 ok, 1 failed, 0 refused, 1 broken, 1 missing");
  EXPECT_EQ(RecordsOf(five, results).size(), 3u);
}

}  // namespace
}  // namespace kvwire
