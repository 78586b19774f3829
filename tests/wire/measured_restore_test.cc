#include "common/wire/measured_restore.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/fake_algorithm.h"
#include "tests/wire/loopback_server.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

constexpr absl::Duration kLong = absl::Seconds(60);

// What a server took up: the bytes, the sizes of their pieces.
struct Taken {
  std::string bytes;
  std::vector<size_t> pieces;
  int opened = 0;
};

class MeasuredRestoreTest : public ::testing::Test {
 protected:
  MeasuredRestoreTest() {
    algorithm_.restore = [this](grpc::ServerReader<v1::RestoreRequest>& reader,
                                v1::RestoreResponse& response) {
      v1::RestoreRequest request;
      while (reader.Read(&request)) {
        taken_.bytes += request.data();
        taken_.pieces.push_back(request.data().size());
        taken_.opened += request.has_open() ? 1 : 0;
      }
      response.set_session_id(7);
      return answer_;
    };
  }

  absl::StatusOr<MeasuredRestore> Restore(const std::string& snapshot) {
    taken_ = {};
    v1::OpenRequest open;
    open.set_protocol_version(1);
    return RestoreMeasured(client_, open, snapshot, kLong, cancellation_);
  }

  Taken taken_;
  grpc::Status answer_ = grpc::Status::OK;
  FakeAlgorithm algorithm_;
  LoopbackServer server_{{&algorithm_}};
  AlgorithmClient client_{server_.endpoint()};
  Cancellation cancellation_;
};

TEST_F(MeasuredRestoreTest, TheWholeSnapshotArrivesInPiecesOfAMebibyte) {
  const std::string snapshot(size_t{5} << 19, 'x');  // 2.5 MiB
  ASSERT_THAT(Restore(snapshot), IsOk());
  EXPECT_EQ(taken_.bytes, snapshot);
  EXPECT_THAT(taken_.pieces, AllOf(SizeIs(3), Each(Le(size_t{1} << 20))));
  EXPECT_EQ(taken_.opened, 1);
}

TEST_F(MeasuredRestoreTest, AnEmptySnapshotIsOneToo) {
  ASSERT_THAT(Restore(""), IsOk());
  EXPECT_EQ(taken_.opened, 1);
}

TEST_F(MeasuredRestoreTest, TheConnectionCarriesTheSnapshotAndLittleElse) {
  const int64_t empty = Restore("")->connection.sent_bytes();
  // The HTTP/2 preface and the path of the call, and not much more. How many frames of
  // flow control and pings there are differs from connection to connection.
  constexpr int64_t kLeast = 24 + int64_t{sizeof("/kvwire.v1.AlgorithmService/Restore")};
  EXPECT_GT(empty, kLeast);
  EXPECT_LT(empty, 1024);
  for (const size_t size : {1000U, 100000U, 3000000U}) {
    const v1::TcpCount count = Restore(std::string(size, 'x'))->connection;
    EXPECT_TRUE(count.final());
    EXPECT_GT(count.sent_bytes(), static_cast<int64_t>(size) + kLeast);
    EXPECT_LT(count.sent_bytes(), static_cast<int64_t>(size + size / 100) + empty + 512);
  }
}

TEST_F(MeasuredRestoreTest, TheSessionIsTheClientsAndIsClosedOnceAtItsEnd) {
  algorithm_.snapshot = [](grpc::ServerWriter<v1::SnapshotResponse>& writer) {
    v1::SnapshotResponse piece;
    piece.set_data("again");
    writer.Write(piece);
    return grpc::Status::OK;
  };
  absl::StatusOr<MeasuredRestore> restored = Restore("state");
  ASSERT_THAT(restored, IsOk());
  EXPECT_THAT(algorithm_.closed(0), IsEmpty());
  EXPECT_GT(restored->duration, absl::ZeroDuration());
  const int64_t sent = restored->connection.sent_bytes();
  std::string bytes;
  ASSERT_THAT(restored->session->Snapshot([&](const absl::Cord& piece) {
    bytes += std::string(piece);
    return absl::OkStatus();
  }),
              IsOk());
  EXPECT_EQ(bytes, "again");
  EXPECT_EQ(restored->connection.sent_bytes(), sent);
  restored->session.reset();
  EXPECT_THAT(algorithm_.closed(1), ElementsAre(7));
}

TEST_F(MeasuredRestoreTest, TheServersErrorSaysWhoseItIsAndLeavesNoSession) {
  answer_ = grpc::Status(grpc::StatusCode::DATA_LOSS, "these are no bytes of mine");
  EXPECT_THAT(Restore("state").status(),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("algorithm at " + server_.endpoint().ToString()),
                             HasSubstr("these are no bytes of mine"))));
  EXPECT_THAT(algorithm_.closed(0), IsEmpty());
}

TEST_F(MeasuredRestoreTest, AProcessThatCannotBeReachedIsUnavailable) {
  const RefusingPort port;
  const AlgorithmClient client(port.endpoint());
  EXPECT_THAT(
      RestoreMeasured(client, {}, "state", absl::Milliseconds(200), cancellation_).status(),
      StatusIs(absl::StatusCode::kUnavailable,
               HasSubstr("the algorithm at " + port.endpoint().ToString())));
}

}  // namespace
}  // namespace kvwire
