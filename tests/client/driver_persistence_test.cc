// A driver whose parties fail on the way.

#include <string>

#include "client/driver.h"
#include "common/wire/ledger_payload.h"
#include "common/wire/status_conversion.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_parties.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

RunRequest SmallRequest() {
  RunRequest request{.parameters = {.shape = ProblemShape::Var(*Scales::Pyramid(4)),
                                    .dims = 8,
                                    .sharpness = 20,
                                    .algorithm = "exact"},
                     .payload = BitVector(40),
                     .masked = false};
  request.question.all = true;
  return request;
}

grpc::Status AnswerZeros(FakeBob::DecodeWriter& writer) {
  v1::DecodeResponse response;
  response.set_confidences(std::string(40, '\0'));
  writer.Write(response);
  response.clear_confidences();
  response.set_bits(std::string(5, '\0'));
  response.mutable_summary();
  writer.Write(response);
  return grpc::Status::OK;
}

struct PersistenceTest : ::testing::Test {
  PersistenceTest() {
    parties.bob.decode = [](auto&, FakeBob::DecodeWriter& writer) {
      return AnswerZeros(writer);
    };
    parties.bob.get_ledger = [](v1::GetLedgerResponse& response) {
      response.set_snapshot_sha256(std::string(32, 'x'));
      response.mutable_ledger()->add_connections();
      return grpc::Status::OK;
    };
  }

  absl::StatusOr<RunResult> Run() {
    Driver driver(parties.services);
    if (const absl::Status connected = driver.Connect(); !connected.ok()) return connected;
    return driver.Run(SmallRequest());
  }

  FakeParties parties;
};

TEST_F(PersistenceTest, RepeatsACallThatFailedAndKeepsItsBooks) {
  int calls = 0;
  parties.alice.speak = [&](v1::SpeakResponse& response) {
    if (++calls < 3) {
      v1::ChannelLedger ledger;
      v1::TcpCount& row = *ledger.add_connections();
      row.set_connection_id(calls);
      row.set_ended(v1::CONNECTION_END_RESET);
      row.set_sent_bytes(100);
      return ToGrpc(WithLedger(absl::UnavailableError("gone"), ledger));
    }
    response.mutable_ledger()->add_connections();
    return grpc::Status::OK;
  };
  const auto result = Run();
  ASSERT_THAT(result.status(), IsOk());
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(result->alice.connections_size(), 3);
  EXPECT_EQ(result->bob.connections_size(), 3);
  EXPECT_EQ(result->wire_bytes(), 200);
}

TEST_F(PersistenceTest, DoesNotRepeatWhatWillNotPass) {
  int calls = 0;
  parties.alice.speak = [&](v1::SpeakResponse&) {
    ++calls;
    return grpc::Status(grpc::StatusCode::ABORTED, "another message");
  };
  EXPECT_THAT(Run(), StatusIs(Code::kAborted, HasSubstr("another message")));
  EXPECT_EQ(calls, 1);
}

TEST_F(PersistenceTest, GivesUpInTheEnd) {
  int calls = 0;
  parties.alice.speak = [&](v1::SpeakResponse&) {
    ++calls;
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone for good");
  };
  parties.services.timeout = absl::Milliseconds(300);
  EXPECT_THAT(Run(), StatusIs(Code::kUnavailable, HasSubstr("gone for good")));
  EXPECT_GT(calls, 1);
}

TEST_F(PersistenceTest, AsksAgainWithoutSendingAgain) {
  int spoken = 0;
  int asked = 0;
  parties.alice.speak = [&](v1::SpeakResponse& response) {
    ++spoken;
    response.mutable_ledger()->add_connections();
    return grpc::Status::OK;
  };
  parties.bob.decode = [&](auto&, FakeBob::DecodeWriter& writer) {
    if (++asked == 1) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "algorithm gone");
    return AnswerZeros(writer);
  };
  EXPECT_THAT(Run().status(), IsOk());
  EXPECT_EQ(spoken, 1);
  EXPECT_EQ(asked, 2);
}

TEST_F(PersistenceTest, SendsAgainToABobWhoHasForgotten) {
  int spoken = 0;
  int asked = 0;
  parties.alice.speak = [&](v1::SpeakResponse& response) {
    ++spoken;
    response.mutable_ledger()->add_connections()->set_connection_id(spoken);
    return grpc::Status::OK;
  };
  parties.bob.decode = [&](auto&, FakeBob::DecodeWriter& writer) {
    if (++asked == 1) return grpc::Status(grpc::StatusCode::NOT_FOUND, "no message");
    return AnswerZeros(writer);
  };
  parties.bob.get_ledger = [&](v1::GetLedgerResponse& response) {
    if (asked == 1 && spoken == 1) return grpc::Status(grpc::StatusCode::NOT_FOUND, "none");
    response.set_snapshot_sha256(std::string(32, 'x'));
    return grpc::Status::OK;
  };
  EXPECT_THAT(Run().status(), IsOk());
  EXPECT_EQ(spoken, 2);
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace kvwire
