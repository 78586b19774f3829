#include "client/rank/attention_sample.h"

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "common/wire/rows.h"
#include "common/workload/gaussian_workload.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/algorithm/algorithm_service.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/fake_algorithm.h"
#include "tests/wire/loopback_server.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::Duration kLong = absl::Seconds(60);
constexpr int64_t kMemory = int64_t{1} << 30;

AttentionCase Case(uint64_t seed = 1) {
  const AttentionWorkload workload =
      DrawWorkload(GaussianWorkloads()[1], {.tokens = 100, .dims = 8, .queries = 5}, seed)
          .value();
  return MakeAttentionCase(workload, /*scale=*/1, seed);
}

// Two processes of the built-in algorithms, in this one.
class BuiltInPair : public ::testing::Test {
 protected:
  absl::StatusOr<RankSample> Measure(const std::string& algorithm, SampleLimits limits = {},
                                     bool one_process = false) {
    const AlgorithmClient first(first_server_.endpoint());
    const AlgorithmClient second(second_server_.endpoint());
    return MeasureAttention({first, second, kLong, one_process}, algorithm, Case(), limits,
                            cancellation_);
  }

  AlgorithmServiceHost first_{{.memory_limit_bytes = kMemory}};
  AlgorithmServiceHost second_{{.memory_limit_bytes = kMemory}};
  LoopbackServer first_server_{{&first_}};
  LoopbackServer second_server_{{&second_}};
  Cancellation cancellation_;
};

TEST_F(BuiltInPair, ExactKeepsEverythingAtSixtyFourBitsACoordinate) {
  const RankSample sample = Measure("exact").value();
  EXPECT_EQ(sample.Get(Statistic::kStateBits), 64 * 100 * 8);
  EXPECT_EQ(sample.Get(Statistic::kBitsPerElement), 32);
  EXPECT_GT(sample.Get(Statistic::kHeaderBits), 0);
  EXPECT_LT(sample.Get(Statistic::kHeaderBits), 8 * 40);
  EXPECT_GT(sample.Get(Statistic::kWireBytes), 64 * 100 * 8 / 8);
  EXPECT_LT(sample.Get(Statistic::kWireBytes), 64 * 100 * 8 / 8 + 1024);
  EXPECT_LT(sample.Get(Statistic::kErrorWorst), 1e-6);
  EXPECT_NEAR(*sample.Get(Statistic::kCosine), 1, 1e-9);
  EXPECT_GT(sample.Get(Statistic::kEncodeMbPerS), 0);
  EXPECT_GT(sample.Get(Statistic::kDecodeMbPerS), 0);
  EXPECT_EQ(sample.restore_equal, true);
  EXPECT_THAT(sample.reasons, IsEmpty());
}

TEST_F(BuiltInPair, AnEvictingCacheIsMeasuredAsItArrivesAndGoesOnEqually) {
  const RankSample sample = Measure("streaming:sinks=1,window=9").value();
  EXPECT_EQ(sample.Get(Statistic::kStateBits), 10 * 2 * 8 * 32);
  EXPECT_GT(sample.Get(Statistic::kErrorMean), 0.05);
  EXPECT_GE(*sample.Get(Statistic::kErrorWorst), *sample.Get(Statistic::kErrorP99));
  EXPECT_GE(*sample.Get(Statistic::kErrorP99), *sample.Get(Statistic::kErrorMean));
  EXPECT_EQ(sample.restore_equal, true);
}

TEST_F(BuiltInPair, WhatTheServerRefusesIsAnError) {
  EXPECT_THAT(Measure("bitplane"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("bitplane")));
  EXPECT_THAT(Measure("nope"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("nope")));
  EXPECT_THAT(Measure("exact", {.memory_limit_bytes = 6399}),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("6399")));
}

TEST_F(BuiltInPair, OneProcessForBothIsAReasonUnlessItIsAllowed) {
  EXPECT_THAT(Measure("exact", {}, true)->reasons,
              ElementsAre(HasSubstr("--allow-shared-algorithm")));
  EXPECT_THAT(Measure("exact", {.allow_one_process = true}, true)->reasons, IsEmpty());
}

// An algorithm of 100 bytes of state whose restored cache answers with zeros; each test
// spoils something.
class FakePair : public ::testing::Test {
 protected:
  FakePair() {
    fake_.open = [](const v1::OpenRequest&, v1::OpenResponse&) { return grpc::Status::OK; };
    fake_.ingest = [this](grpc::ServerReader<v1::IngestRequest>& reader,
                          v1::IngestResponse& response) {
      v1::IngestRequest block;
      while (reader.Read(&block)) rows_ += block.rows();
      response.set_state_bits(state_bits_);
      response.set_section_count(1);
      return grpc::Status::OK;
    };
    fake_.snapshot = [this](grpc::ServerWriter<v1::SnapshotResponse>& writer) {
      v1::SnapshotResponse piece;
      piece.set_data(std::string(snapshot_bytes_, 's'));
      for (int k = 0; k < pieces_ && writer.Write(piece); ++k) continue;
      return grpc::Status::OK;
    };
    fake_.restore = [](grpc::ServerReader<v1::RestoreRequest>& reader, v1::RestoreResponse&) {
      v1::RestoreRequest request;
      while (reader.Read(&request)) continue;
      return grpc::Status::OK;
    };
    fake_.attend = [this](FakeAlgorithm::AttendStream& stream) {
      v1::AttendRequest request;
      while (stream.Read(&request)) {
        v1::AttendResponse response;
        response.set_outputs(RowsToBytes(Matrix::Constant(5, 8, answer_)));
        answer_ += drift_;
        stream.Write(response);
      }
      return grpc::Status::OK;
    };
  }

  absl::StatusOr<RankSample> Measure() {
    return MeasureAttention({client_, client_, kLong}, "fake", Case(), {}, cancellation_);
  }

  int64_t rows_ = 0;
  int64_t state_bits_ = 800;
  size_t snapshot_bytes_ = 100;
  int pieces_ = 1;
  float answer_ = 0;
  float drift_ = 0;
  FakeAlgorithm fake_;
  LoopbackServer server_{{&fake_}};
  AlgorithmClient client_{server_.endpoint()};
  Cancellation cancellation_;
};

TEST_F(FakePair, ZerosAreAllOfTheError) {
  const RankSample sample = Measure().value();
  EXPECT_EQ(sample.Get(Statistic::kErrorMean), 1);
  EXPECT_EQ(sample.Get(Statistic::kErrorWorst), 1);
  EXPECT_EQ(sample.Get(Statistic::kCosine), 0);
  EXPECT_EQ(sample.Get(Statistic::kHeaderBits), 0);
  EXPECT_EQ(sample.restore_equal, true);
  EXPECT_THAT(sample.reasons, IsEmpty());
  // The stream, and its first scale once more at both ends.
  EXPECT_EQ(rows_, 100 + 2 * 64);
}

TEST_F(FakePair, AClaimOfAHundredthIsFoundOut) {
  snapshot_bytes_ = 10000;
  EXPECT_THAT(Measure()->reasons,
              ElementsAre(HasSubstr("the algorithm sent a snapshot of 10000 bytes")));
}

TEST_F(FakePair, AClaimThatIsNoNumberOfBitsIsInternal) {
  for (const int64_t bits : {int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    state_bits_ = bits;
    EXPECT_THAT(Measure(), StatusIs(absl::StatusCode::kInternal, HasSubstr("claims a state")));
  }
}

TEST_F(FakePair, AnswersThatDifferAfterRestoringAreSeen) {
  drift_ = 1;
  EXPECT_EQ(Measure()->restore_equal, false);
}

TEST_F(FakePair, AnswersThatAreNotFiniteAreInternal) {
  answer_ = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(Measure(), StatusIs(absl::StatusCode::kInternal, HasSubstr("answer")));
}

TEST_F(FakePair, ASnapshotWithoutEndIsRefused) {
  snapshot_bytes_ = size_t{1} << 20;
  pieces_ = 1000000;
  EXPECT_THAT(Measure(), StatusIs(absl::StatusCode::kResourceExhausted,
                                  HasSubstr("a snapshot of more than")));
}

TEST(AttentionCaseTest, CutsLargeScalesIntoMessagesAndClosesThemOnce) {
  AttentionWorkload workload;
  workload.keys = Matrix::Random(9000, 64);
  workload.values = workload.keys;
  workload.token_queries = workload.keys;
  workload.queries = Matrix::Random(1, 64);
  workload.scale_tokens = {8999, 1};
  std::vector<int64_t> rows;
  std::vector<bool> closes;
  for (const v1::IngestRequest& block : MakeAttentionCase(workload, 1, 1).blocks) {
    rows.push_back(block.rows());
    closes.push_back(block.closes_scale());
    EXPECT_EQ(static_cast<int64_t>(block.keys().size()), block.rows() * 64 * 4);
  }
  EXPECT_THAT(rows, ElementsAre(4096, 4096, 807, 1));
  EXPECT_THAT(closes, ElementsAre(false, false, true, true));
}

}  // namespace
}  // namespace kvwire
