#include "client/sweep/results_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "client/sweep/results_schema.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/sweep/trials.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class ResultsFileTest : public ::testing::Test {
 protected:
  ResultsFile ToWrite() const { return ResultsFile::OpenToWrite(path_).value(); }
  ResultsFile ToRead() const { return ResultsFile::OpenToRead(path_).value(); }

  Folder folder_;
  std::string path_ = folder_.File("results.db");
  SweepPlan plan_ = PlanOf(3);
};

TEST_F(ResultsFileTest, RecordsReadBackInOrderOfKey) {
  std::vector<TrialRecord> written;
  for (const PlannedTrial& trial : plan_.trials) {
    written.push_back(RecordOf(trial));
    ASSERT_THAT(ToWrite().Record(written.back()), IsOk());
  }
  const auto by_key = [](const TrialRecord& a, const TrialRecord& b) { return a.key < b.key; };
  std::sort(written.begin(), written.end(), by_key);
  const auto read = ToRead().Records();
  ASSERT_THAT(read, IsOk());
  ASSERT_THAT(*read, SizeIs(3));
  for (size_t k = 0; k < 3; ++k) {
    EXPECT_EQ((*read)[k].key, written[k].key);
    EXPECT_EQ((*read)[k].trial, written[k].trial);
    EXPECT_EQ((*read)[k].result, written[k].result);
    EXPECT_EQ((*read)[k].measured, written[k].measured);
    EXPECT_EQ(ToRead().Has(written[k].key).value(), true);
  }
  EXPECT_EQ(ToRead().Has("0").value(), false);
}

TEST_F(ResultsFileTest, ASecondRecordOfATrialChangesNothing) {
  const TrialRecord first = RecordOf(plan_.trials[0]);
  const TrialRecord second = RecordOf(plan_.trials[0]);
  ASSERT_NE(first.measured, second.measured);
  ResultsFile file = ToWrite();
  ASSERT_THAT(file.Record(first), IsOk());
  ASSERT_THAT(file.Record(second), IsOk());
  ASSERT_THAT(file.Records().value(), SizeIs(1));
  EXPECT_EQ(file.Records()->front().measured, first.measured);
}

TEST_F(ResultsFileTest, AnotherResultOfTheSameTrialIsDataLoss) {
  TrialRecord record = RecordOf(plan_.trials[0]);
  ResultsFile file = ToWrite();
  ASSERT_THAT(file.Record(record), IsOk());
  record.result[3] = int64_t{7};
  EXPECT_THAT(file.Record(record),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr(record.key)));
  EXPECT_THAT(file.RecordAll({RecordOf(plan_.trials[1]), record}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr(record.key)));
  EXPECT_THAT(file.Records().value(), SizeIs(1));
}

TEST_F(ResultsFileTest, ABrokenTrialIsForgottenOnceItHasAResult) {
  ResultsFile file = ToWrite();
  BrokenTrial broken{.key = plan_.trials[0].key,
                     .trial = plan_.trials[0].text,
                     .attempts = 3,
                     .code = "UNAVAILABLE",
                     .message = "gone"};
  ASSERT_THAT(file.RecordBroken(broken), IsOk());
  broken.message = "gone again";
  ASSERT_THAT(file.RecordBroken(broken), IsOk());
  ASSERT_THAT(file.BrokenTrials().value(), SizeIs(1));
  EXPECT_EQ(file.BrokenTrials()->front().message, "gone again");
  EXPECT_EQ(file.BrokenTrials()->front().attempts, 3);
  ASSERT_THAT(file.Record(RecordOf(plan_.trials[0])), IsOk());
  EXPECT_THAT(file.BrokenTrials().value(), IsEmpty());
}

TEST_F(ResultsFileTest, AFileIsForOneShardOfAPlan) {
  EXPECT_THAT(ToWrite().Claim("plan", {.index = 2, .count = 3}), IsOk());
  EXPECT_THAT(ToWrite().Claim("plan", {.index = 2, .count = 3}), IsOk());
  EXPECT_THAT(ToWrite().Claim("plan", {.index = 1, .count = 3}),
              StatusIs(kInvalid, AllOf(HasSubstr("2/3"), HasSubstr("1/3"))));
  EXPECT_THAT(ToWrite().Claim("plan", {.index = 2, .count = 4}),
              StatusIs(kInvalid, HasSubstr("--shards")));
  EXPECT_THAT(ToWrite().Claim("another plan", {.index = 1, .count = 4}), IsOk());
}

TEST_F(ResultsFileTest, AnEmptyFileHasNoResultsYet) {
  std::ofstream(path_).flush();
  EXPECT_THAT(ToRead().Records().value(), IsEmpty());
  EXPECT_THAT(ToRead().BrokenTrials().value(), IsEmpty());
  EXPECT_THAT(ToWrite().Record(RecordOf(plan_.trials[0])), IsOk());
}

TEST_F(ResultsFileTest, WhatIsNotThereCannotBeRead) {
  EXPECT_THAT(ResultsFile::OpenToRead(path_), StatusIs(kInvalid, HasSubstr(path_)));
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_THAT(ResultsFile::OpenToWrite(folder_.File("no/results.db")),
              StatusIs(kInvalid, HasSubstr("no/results.db")));
}

TEST_F(ResultsFileTest, WhatIsNoDatabaseIsDataLoss) {
  std::ofstream(path_) << std::string(5000, 'x');
  EXPECT_THAT(ResultsFile::OpenToRead(path_),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr(path_)));
  EXPECT_THAT(ResultsFile::OpenToWrite(path_),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr(path_)));
}

TEST_F(ResultsFileTest, AFileOfAnotherVersionIsRefused) {
  ToWrite();
  // user_version is the big-endian number at byte 60 of an SQLite file.
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(63).put(kResultsVersion + 1);
  file.close();
  const auto refused = StatusIs(kInvalid, HasSubstr("version"));
  EXPECT_THAT(ResultsFile::OpenToRead(path_), refused);
  EXPECT_THAT(ResultsFile::OpenToWrite(path_), refused);
}

TEST_F(ResultsFileTest, ADamagedFileIsDataLossAndNoResult) {
  {
    ResultsFile file = ToWrite();
    for (const PlannedTrial& trial : plan_.trials) {
      ASSERT_THAT(file.Record(RecordOf(trial)), IsOk());
    }
  }
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 4096);
  auto file = ResultsFile::OpenToRead(path_);
  const absl::Status status = file.ok() ? file->Records().status() : file.status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss, HasSubstr(path_)));
}

}  // namespace
}  // namespace kvwire
