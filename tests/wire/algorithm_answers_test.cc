// What the client makes of the answers of an algorithm, right and wrong.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/wire/algorithm_client.h"
#include "common/wire/rows.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/fake_algorithm.h"
#include "tests/wire/loopback_server.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AlgorithmAnswersTest : public ::testing::Test {
 protected:
  // Answers each request by `outputs` of its queries.
  void Answer(std::function<std::string(const std::string& queries)> outputs) {
    algorithm_.attend = [this, outputs](FakeAlgorithm::AttendStream& stream) {
      v1::AttendRequest request;
      while (stream.Read(&request)) {
        ++requests_;
        v1::AttendResponse response;
        response.set_outputs(outputs(request.queries()));
        stream.Write(response);
      }
      return grpc::Status::OK;
    };
  }

  absl::StatusOr<Matrix> Attend(const Matrix& queries) {
    return AlgorithmSession(client_, 3, cancellation_).Attend(queries);
  }

  // Asks kBlocks messages of queries; what happens here is noted.
  absl::Status AttendBlocks(const std::function<absl::Status(int64_t first)>& take) {
    return AlgorithmSession(client_, 3, cancellation_)
        .AttendInBlocks(
            kBlocks * kBlockRows, kBlockDims,
            [&](int64_t first, int64_t count) -> Matrix {
              events_.push_back(absl::StrCat("make ", first));
              return Matrix::Constant(count, kBlockDims, static_cast<float>(first));
            },
            [&](int64_t first, const Matrix& outputs) {
              events_.push_back(absl::StrCat("take ", first));
              EXPECT_EQ(outputs,
                        Matrix::Constant(kBlockRows, kBlockDims, static_cast<float>(first)));
              return take(first);
            });
  }

  // A mebibyte.
  static constexpr int64_t kBlockRows = 4;
  static constexpr int64_t kBlockDims = 65536;
  static constexpr int64_t kBlocks = 3;

  std::vector<std::string> events_;
  std::atomic<int> requests_ = 0;
  FakeAlgorithm algorithm_;
  LoopbackServer server_{{&algorithm_}};
  AlgorithmClient client_{server_.endpoint()};
  Cancellation cancellation_;
};

TEST_F(AlgorithmAnswersTest, AreReturnedInTheOrderOfTheQueries) {
  Answer([](const std::string& queries) { return queries; });
  Matrix queries(9, kBlockDims);
  for (int row = 0; row < 9; ++row) queries.row(row).setConstant(static_cast<float>(row));
  const auto outputs = Attend(queries);
  ASSERT_THAT(outputs, IsOk());
  EXPECT_EQ(*outputs, queries);
  EXPECT_EQ(requests_, 3);
}

TEST_F(AlgorithmAnswersTest, OfAnotherLengthAreAnError) {
  Answer([](const std::string& queries) { return queries.substr(1); });
  EXPECT_THAT(
      Attend(Matrix::Zero(2, 3)),
      StatusIs(absl::StatusCode::kInternal, HasSubstr("the algorithm's answer has 23")));
}

TEST_F(AlgorithmAnswersTest, ThatAreNotNumbersAreAnError) {
  Answer(
      [](const std::string&) { return RowsToBytes(Matrix::Constant(1, 2, std::nanf(""))); });
  EXPECT_THAT(
      Attend(Matrix::Zero(1, 2)),
      StatusIs(absl::StatusCode::kInternal, HasSubstr("the algorithm's answer holds a NaN")));
}

TEST_F(AlgorithmAnswersTest, ThatAreTooFewAreAnError) {
  algorithm_.attend = [](FakeAlgorithm::AttendStream& stream) {
    v1::AttendRequest request;
    stream.Read(&request);
    return grpc::Status::OK;
  };
  EXPECT_THAT(Attend(Matrix::Zero(1, 2)),
              StatusIs(absl::StatusCode::kInternal,
                       HasSubstr("ended its answers before all queries were answered")));
}

TEST_F(AlgorithmAnswersTest, ThatAreTooManyAreAnError) {
  algorithm_.attend = [](FakeAlgorithm::AttendStream& stream) {
    v1::AttendRequest request;
    stream.Read(&request);
    v1::AttendResponse response;
    response.set_outputs(request.queries());
    stream.Write(response);
    stream.Write(response);
    return grpc::Status::OK;
  };
  EXPECT_THAT(Attend(Matrix::Zero(1, 2)),
              StatusIs(absl::StatusCode::kInternal,
                       HasSubstr("more answers than queries were asked")));
}

TEST_F(AlgorithmAnswersTest, AnErrorInsteadOfAnAnswerIsReturned) {
  algorithm_.attend = [](FakeAlgorithm::AttendStream&) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "who?");
  };
  EXPECT_THAT(Attend(Matrix::Zero(1, 2)),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("who?")));
}

absl::Status Taken(int64_t /*first*/) { return absl::OkStatus(); }

TEST_F(AlgorithmAnswersTest, AreTakenWhileTheNextQueriesAreAnswered) {
  Answer([](const std::string& queries) { return queries; });
  EXPECT_THAT(AttendBlocks(Taken), IsOk());
  EXPECT_THAT(events_,
              ElementsAre("make 0", "make 4", "take 0", "make 8", "take 4", "take 8"));
}

TEST_F(AlgorithmAnswersTest, AfterAWrongOneNothingMoreIsAsked) {
  algorithm_.attend = [this](FakeAlgorithm::AttendStream& stream) {
    v1::AttendRequest request;
    v1::AttendResponse response;
    response.set_outputs("no numbers");
    for (; stream.Read(&request); ++requests_) stream.Write(response);
    return grpc::Status::OK;
  };
  EXPECT_THAT(AttendBlocks(Taken),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("the algorithm's answer has")));
  EXPECT_THAT(events_, ElementsAre("make 0", "make 4"));
  EXPECT_EQ(requests_, 1);
}

TEST_F(AlgorithmAnswersTest, WhoTakesThemMayEndTheCall) {
  Answer([](const std::string& queries) { return queries; });
  EXPECT_THAT(AttendBlocks([](int64_t) { return absl::OutOfRangeError("enough"); }),
              StatusIs(absl::StatusCode::kOutOfRange, "enough"));
  EXPECT_THAT(events_, ElementsAre("make 0", "make 4", "take 0"));
}

TEST_F(AlgorithmAnswersTest, BeforeAnErrorAreTaken) {
  algorithm_.attend = [](FakeAlgorithm::AttendStream& stream) {
    for (int k = 0; k < 2; ++k) {
      v1::AttendRequest request;
      stream.Read(&request);
      v1::AttendResponse response;
      response.set_outputs(request.queries());
      stream.Write(response);
    }
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "who?");
  };
  EXPECT_THAT(AttendBlocks(Taken), StatusIs(absl::StatusCode::kNotFound, HasSubstr("who?")));
  EXPECT_EQ(std::count(events_.begin(), events_.end(), "take 0"), 1);
  EXPECT_EQ(std::count(events_.begin(), events_.end(), "take 4"), 1);
  EXPECT_EQ(std::count(events_.begin(), events_.end(), "take 8"), 0);
}

TEST_F(AlgorithmAnswersTest, ThatAreTooManyAreAnErrorAfterManyToo) {
  algorithm_.attend = [](FakeAlgorithm::AttendStream& stream) {
    v1::AttendRequest request;
    v1::AttendResponse response;
    while (stream.Read(&request)) {
      response.set_outputs(request.queries());
      stream.Write(response);
    }
    stream.Write(response);
    return grpc::Status::OK;
  };
  EXPECT_THAT(AttendBlocks(Taken),
              StatusIs(absl::StatusCode::kInternal,
                       HasSubstr("more answers than queries were asked")));
}

}  // namespace
}  // namespace kvwire
