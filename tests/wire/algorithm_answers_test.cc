// What the client makes of the answers of an algorithm, right and wrong.

#include <atomic>
#include <cmath>
#include <functional>
#include <memory>
#include <string>

#include "common/wire/algorithm_client.h"
#include "common/wire/rows.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/fake_algorithm.h"
#include "tests/wire/loopback_server.h"

namespace kvwire {
namespace {

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

  std::atomic<int> requests_ = 0;
  FakeAlgorithm algorithm_;
  LoopbackServer server_{{&algorithm_}};
  AlgorithmClient client_{server_.endpoint()};
  Cancellation cancellation_;
};

TEST_F(AlgorithmAnswersTest, AreReturnedInTheOrderOfTheQueries) {
  Answer([](const std::string& queries) { return queries; });
  // 4 rows of 65536 numbers make a mebibyte.
  Matrix queries(9, 65536);
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

}  // namespace
}  // namespace kvwire
