#include "common/wire/algorithm_client.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/wire/rows.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/fake_algorithm.h"
#include "tests/wire/loopback_server.h"

namespace kvwire {
namespace {

using ::testing::_;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(60);

class AlgorithmClientTest : public ::testing::Test {
 protected:
  std::unique_ptr<AlgorithmSession> Session(int64_t id) {
    return std::make_unique<AlgorithmSession>(client_, id, cancellation_);
  }
  std::string name() const { return "algorithm at " + server_.endpoint().ToString(); }

  FakeAlgorithm algorithm_;
  LoopbackServer server_{{&algorithm_}};
  AlgorithmClient client_{server_.endpoint()};
  Cancellation cancellation_;
};

TEST_F(AlgorithmClientTest, DescribeReturnsTheProcessId) {
  algorithm_.describe = [](grpc::ServerContext&, v1::DescribeResponse& response) {
    response.set_protocol_version(1);
    response.set_process_id(0xfedcba9876543210);
    return grpc::Status::OK;
  };
  const auto description = client_.Describe(kLong, cancellation_).value();
  EXPECT_EQ(description->ProcessId().value(), 0xfedcba9876543210);
  EXPECT_EQ(description->ProcessId().value(), 0xfedcba9876543210);
}

TEST_F(AlgorithmClientTest, DescribeReturnsWhatIsOffered) {
  algorithm_.describe = [](grpc::ServerContext&, v1::DescribeResponse& response) {
    response.set_protocol_version(1);
    response.add_algorithms()->set_name("theirs");
    return grpc::Status::OK;
  };
  const v1::DescribeResponse described =
      client_.Describe(kLong, cancellation_).value()->All().value();
  ASSERT_EQ(described.algorithms_size(), 1);
  EXPECT_EQ(described.algorithms(0).name(), "theirs");
}

TEST_F(AlgorithmClientTest, AReleasedSessionStaysOpen) {
  {
    const AlgorithmClient client(server_.endpoint());
    AlgorithmSession session(client, 5, cancellation_);
    EXPECT_EQ(std::move(session).Release(), 5);
  }
  // The client would have waited until it is closed.
  EXPECT_THAT(algorithm_.closed(0), ElementsAre());
}

TEST_F(AlgorithmClientTest, OtherCallsGoOnWhileADescriptionIsAwaitedWhichMayBeGivenUp) {
  absl::Notification given_up;
  algorithm_.describe = [&](grpc::ServerContext& context, v1::DescribeResponse&) {
    while (!context.IsCancelled()) absl::SleepFor(absl::Milliseconds(1));
    given_up.Notify();
    return grpc::Status::OK;
  };
  algorithm_.open = [](const v1::OpenRequest&, v1::OpenResponse& response) {
    response.set_session_id(3);
    return grpc::Status::OK;
  };
  auto description = client_.Describe(kLong, cancellation_).value();
  EXPECT_THAT(client_.Open({}, cancellation_).status(), IsOk());
  description.reset();
  EXPECT_TRUE(given_up.WaitForNotificationWithTimeout(kLong));
}

TEST_F(AlgorithmClientTest, ADescriptionThatDoesNotComeEndsWithTheRun) {
  algorithm_.describe = [&](grpc::ServerContext& context, v1::DescribeResponse&) {
    cancellation_.Cancel();
    while (!context.IsCancelled()) absl::SleepFor(absl::Milliseconds(1));
    return grpc::Status::OK;
  };
  EXPECT_THAT(client_.Describe(kLong, cancellation_).value()->ProcessId(),
              StatusIs(absl::StatusCode::kCancelled, _));
}

TEST_F(AlgorithmClientTest, AnotherProtocolVersionIsRefusedNamingBoth) {
  algorithm_.describe = [](grpc::ServerContext&, v1::DescribeResponse& response) {
    response.set_protocol_version(7);
    return grpc::Status::OK;
  };
  EXPECT_THAT(client_.Describe(kLong, cancellation_).value()->ProcessId(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr(name()), HasSubstr("protocol version 7"),
                             HasSubstr("version 1"))));
}

TEST_F(AlgorithmClientTest, AnUnreachableAlgorithmIsUnavailable) {
  const RefusingPort port;
  const AlgorithmClient client(port.endpoint());
  EXPECT_THAT(client.Describe(absl::Milliseconds(200), cancellation_),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("the algorithm at " + port.endpoint().ToString())));
}

TEST_F(AlgorithmClientTest, ErrorsSayWhichAlgorithmTheyAreOf) {
  algorithm_.open = [](const v1::OpenRequest&, v1::OpenResponse&) {
    return grpc::Status(grpc::StatusCode::ABORTED, "not today");
  };
  EXPECT_THAT(client_.Open({}, cancellation_),
              StatusIs(absl::StatusCode::kAborted, name() + ": not today"));
}

TEST_F(AlgorithmClientTest, ASessionIsClosedAtItsEndEvenIfItsRunWasCancelled) {
  algorithm_.open = [](const v1::OpenRequest& request, v1::OpenResponse& response) {
    response.set_session_id(request.memory_limit_bytes());
    return grpc::Status::OK;
  };
  v1::OpenRequest request;
  request.set_memory_limit_bytes(41);
  client_.Open(request, cancellation_).value().reset();
  request.set_memory_limit_bytes(42);
  auto session = client_.Open(request, cancellation_).value();
  EXPECT_THAT(algorithm_.closed(1), ElementsAre(41));
  cancellation_.Cancel();
  session.reset();
  EXPECT_THAT(algorithm_.closed(2), ElementsAre(41, 42));
}

// What Restore sent: the protocol version of each request, 0 where it opens nothing,
// and its data.
struct Sent {
  std::vector<int> versions;
  std::vector<std::string> data;
};

// A call that the client gives up may go on here for a while, so both hold the record.
std::shared_ptr<Sent> RecordRestores(FakeAlgorithm& algorithm) {
  auto sent = std::make_shared<Sent>();
  algorithm.restore = [sent](grpc::ServerReader<v1::RestoreRequest>& reader,
                             v1::RestoreResponse& response) {
    v1::RestoreRequest request;
    while (reader.Read(&request)) {
      sent->versions.push_back(request.open().protocol_version());
      sent->data.push_back(request.data());
    }
    response.set_session_id(9);
    return grpc::Status::OK;
  };
  return sent;
}

v1::OpenRequest OpenOfVersionOne() {
  v1::OpenRequest request;
  request.set_protocol_version(1);
  return request;
}

TEST_F(AlgorithmClientTest, RestoreOpensOnceAndSendsEachPiece) {
  const auto sent = RecordRestores(algorithm_);
  std::vector<std::string> pieces = {"c", "", "a"};
  const auto next = [&](absl::Cord& piece) -> absl::StatusOr<bool> {
    if (pieces.empty()) return false;
    piece = pieces.back();
    pieces.pop_back();
    return true;
  };
  client_.Restore(OpenOfVersionOne(), next, cancellation_).value().reset();
  EXPECT_THAT(sent->versions, ElementsAre(1, 0, 0));
  EXPECT_THAT(sent->data, ElementsAre("a", "", "c"));
  EXPECT_THAT(algorithm_.closed(1), ElementsAre(9));
}

TEST_F(AlgorithmClientTest, RestoreOfNoBytesOpensAllTheSame) {
  const auto sent = RecordRestores(algorithm_);
  const auto next = [](absl::Cord&) -> absl::StatusOr<bool> { return false; };
  EXPECT_THAT(client_.Restore(OpenOfVersionOne(), next, cancellation_).status(), IsOk());
  EXPECT_THAT(sent->versions, ElementsAre(1));
  EXPECT_THAT(sent->data, ElementsAre(""));
}

TEST_F(AlgorithmClientTest, RestoreReturnsTheErrorOfItsSource) {
  RecordRestores(algorithm_);
  bool first = true;
  const auto next = [&](absl::Cord& piece) -> absl::StatusOr<bool> {
    if (!first) return absl::DataLossError("the source broke");
    first = false;
    piece = "piece";
    return true;
  };
  EXPECT_THAT(client_.Restore(OpenOfVersionOne(), next, cancellation_).status(),
              StatusIs(absl::StatusCode::kDataLoss, "the source broke"));
}

TEST_F(AlgorithmClientTest, RestoreReturnsWhatTheAlgorithmRefused) {
  algorithm_.restore = [](grpc::ServerReader<v1::RestoreRequest>&, v1::RestoreResponse&) {
    return grpc::Status(grpc::StatusCode::DATA_LOSS, "no snapshot of mine");
  };
  // Endless: only the refusal ends it.
  const auto next = [](absl::Cord& piece) -> absl::StatusOr<bool> {
    piece = absl::Cord(std::string(1 << 16, 'x'));
    return true;
  };
  EXPECT_THAT(client_.Restore(OpenOfVersionOne(), next, cancellation_).status(),
              StatusIs(absl::StatusCode::kDataLoss, name() + ": no snapshot of mine"));
}

TEST_F(AlgorithmClientTest, IngestNamesItsSessionFirst) {
  std::vector<std::string> seen;
  algorithm_.ingest = [&](grpc::ServerReader<v1::IngestRequest>& reader,
                          v1::IngestResponse& response) {
    v1::IngestRequest request;
    while (reader.Read(&request)) {
      seen.push_back(std::to_string(request.session_id()) + "/" +
                     std::to_string(request.rows()));
    }
    response.set_state_bits(77);
    return grpc::Status::OK;
  };
  const auto state = Session(5)->Ingest([](AlgorithmSession::BlockWriter write) {
    v1::IngestRequest block;
    block.set_rows(3);
    return write(block);
  });
  EXPECT_EQ(state.value().state_bits(), 77);
  EXPECT_THAT(seen, ElementsAre("5/0", "0/3"));
}

TEST_F(AlgorithmClientTest, IngestReturnsTheErrorOfTheProducer) {
  algorithm_.ingest = [](grpc::ServerReader<v1::IngestRequest>& reader, v1::IngestResponse&) {
    v1::IngestRequest request;
    while (reader.Read(&request)) continue;
    return grpc::Status::OK;
  };
  const auto state = Session(5)->Ingest(
      [](AlgorithmSession::BlockWriter) { return absl::OutOfRangeError("no more bits"); });
  EXPECT_THAT(state, StatusIs(absl::StatusCode::kOutOfRange, "no more bits"));
}

TEST_F(AlgorithmClientTest, IngestReturnsWhatTheAlgorithmRefused) {
  algorithm_.ingest = [](grpc::ServerReader<v1::IngestRequest>&, v1::IngestResponse&) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too much");
  };
  const auto state = Session(5)->Ingest([](AlgorithmSession::BlockWriter write) {
    v1::IngestRequest block;
    block.set_keys(std::string(1 << 16, 'x'));
    absl::Status written;
    while (written.ok()) written = write(block);
    return written;
  });
  EXPECT_THAT(state, StatusIs(absl::StatusCode::kResourceExhausted, name() + ": too much"));
}

TEST_F(AlgorithmClientTest, SnapshotHandsOnEachPieceAndTheFinalError) {
  algorithm_.snapshot = [](grpc::ServerWriter<v1::SnapshotResponse>& writer) {
    v1::SnapshotResponse piece;
    for (const char* data : {"one", "two"}) {
      piece.set_data(data);
      writer.Write(piece);
    }
    return grpc::Status(grpc::StatusCode::INTERNAL, "and no more");
  };
  std::vector<std::string> pieces;
  const absl::Status status = Session(5)->Snapshot([&](const absl::Cord& piece) {
    pieces.emplace_back(piece);
    return absl::OkStatus();
  });
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal, name() + ": and no more"));
  EXPECT_THAT(pieces, ElementsAre("one", "two"));
}

TEST_F(AlgorithmClientTest, SnapshotEndsWithTheFirstErrorOfItsSink) {
  algorithm_.snapshot = [](grpc::ServerWriter<v1::SnapshotResponse>& writer) {
    v1::SnapshotResponse piece;
    piece.set_data(std::string(1 << 16, 'x'));
    // Endless: only the cancellation ends it.
    while (writer.Write(piece)) continue;
    return grpc::Status::OK;
  };
  int taken = 0;
  const absl::Status status = Session(5)->Snapshot([&](const absl::Cord&) {
    return ++taken < 3 ? absl::OkStatus() : absl::DataLossError("Bob is gone");
  });
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss, "Bob is gone"));
  EXPECT_EQ(taken, 3);
}

}  // namespace
}  // namespace kvwire
