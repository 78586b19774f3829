// Sessions of the algorithm service: what they answer, and how they come and go.

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "common/base/status_macros.h"
#include "common/wire/rows.h"
#include "common/wire/status_conversion.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/naive_attention.h"
#include "tests/server/test_services.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

constexpr int64_t kDims = 8;

v1::IngestRequest Block(const Matrix& keys, const Matrix& values, bool closes_scale = true) {
  v1::IngestRequest block;
  block.set_rows(keys.rows());
  block.set_keys(RowsToBytes(keys));
  block.set_values(RowsToBytes(values));
  block.set_closes_scale(closes_scale);
  return block;
}

v1::IngestRequest Zeros(int64_t rows) {
  v1::IngestRequest block;
  block.set_rows(rows);
  block.set_closes_scale(true);
  return block;
}

v1::OpenRequest OpenOf(const std::string& spec, int64_t dims = kDims) {
  v1::OpenRequest request = OpenRequestOf(SmallParameters(spec));
  request.mutable_parameters()->set_dims(dims);
  return request;
}

class AlgorithmSessionsTest : public ::testing::Test {
 protected:
  using Session = std::unique_ptr<AlgorithmSession>;

  Session Open(const std::string& spec = "exact") {
    return client_.Open(OpenOf(spec), cancellation_).value();
  }
  static absl::StatusOr<v1::IngestResponse> Ingest(
      AlgorithmSession& session, const std::vector<v1::IngestRequest>& blocks) {
    return session.Ingest([&](AlgorithmSession::BlockWriter write) -> absl::Status {
      for (const v1::IngestRequest& block : blocks) KVWIRE_RETURN_IF_ERROR(write(block));
      return absl::OkStatus();
    });
  }
  static std::string Snapshot(AlgorithmSession& session) {
    std::string bytes;
    EXPECT_THAT(session.Snapshot([&](const absl::Cord& piece) {
      EXPECT_LE(piece.size(), size_t{1} << 20);
      bytes += std::string(piece);
      return absl::OkStatus();
    }),
                IsOk());
    return bytes;
  }
  absl::StatusOr<Session> Restore(const v1::OpenRequest& open, std::string bytes) {
    return client_.Restore(
        open,
        [&](absl::Cord& piece) -> absl::StatusOr<bool> {
          piece = bytes.substr(0, 13);
          bytes.erase(0, 13);
          return !piece.empty();
        },
        cancellation_);
  }

  std::mt19937_64 random_{3};
  TestAlgorithm algorithm_;
  AlgorithmClient client_{algorithm_.server.endpoint()};
  Cancellation cancellation_;
};

TEST_F(AlgorithmSessionsTest, AnswersAreSoftmaxAttentionOverAllTokens) {
  const Session session = Open();
  const Matrix keys = RandomMatrix(7, kDims, random_),
               values = RandomMatrix(7, kDims, random_);
  ASSERT_THAT(Ingest(*session, {Block(keys, values), Zeros(3)}), IsOk());
  const Matrix queries = RandomMatrix(4, kDims, random_);
  const Matrix outputs = session->Attend(queries).value();
  EXPECT_TRUE(outputs.cast<double>().isApprox(NaiveAttention(queries, keys, values, 3), 1e-5));
}

TEST_F(AlgorithmSessionsTest, SeveralRequestsOfAStreamAreAnsweredInOrder) {
  const Session session = Open();
  const Matrix keys = RandomMatrix(3, kDims, random_);
  ASSERT_THAT(Ingest(*session, {Block(keys, keys)}), IsOk());
  const Matrix queries = RandomMatrix(5, kDims, random_);
  grpc::ClientContext context;
  const auto stream = algorithm_.stub->Attend(&context);
  v1::AttendRequest request;
  request.set_session_id(1);
  std::string outputs;
  for (int row = 0; row < 5; ++row) {
    request.set_rows(1);
    request.set_queries(RowsToBytes(queries.middleRows(row, 1)));
    ASSERT_TRUE(stream->Write(request));
    v1::AttendResponse response;
    ASSERT_TRUE(stream->Read(&response));
    outputs += response.outputs();
    request.clear_session_id();  // the first one has named it
  }
  stream->WritesDone();
  EXPECT_THAT(FromGrpc(stream->Finish()), IsOk());
  EXPECT_EQ(outputs, RowsToBytes(session->Attend(queries).value()));
}

TEST_F(AlgorithmSessionsTest, AttendRefusesNumbersThatAreNoneAndAnEmptyCache) {
  const Session session = Open();
  EXPECT_THAT(session->Attend(Matrix::Zero(1, kDims)),
              StatusIs(Code::kFailedPrecondition, HasSubstr("the cache holds no token")));
  ASSERT_THAT(Ingest(*session, {Zeros(1)}), IsOk());
  EXPECT_THAT(
      session->Attend(Matrix::Constant(1, kDims, HUGE_VALF)),
      StatusIs(Code::kInvalidArgument, HasSubstr("queries holds a NaN or an infinity")));
}

TEST_F(AlgorithmSessionsTest, SessionsDoNotMix) {
  const Session first = Open(), second = Open();
  const Matrix keys = RandomMatrix(2, kDims, random_);
  ASSERT_THAT(Ingest(*first, {Block(keys, keys)}), IsOk());
  EXPECT_EQ(Ingest(*second, {})->token_count(), 0);
  EXPECT_EQ(Ingest(*first, {})->token_count(), 2);
}

TEST_F(AlgorithmSessionsTest, ARestoredSessionGoesOnAsTheOriginal) {
  for (const std::string spec : {"exact", "float16", "streaming:sinks=1,window=2"}) {
    const Session original = Open(spec);
    const Matrix keys = RandomMatrix(6, kDims, random_);
    ASSERT_THAT(Ingest(*original, {Block(keys, -keys)}), IsOk());
    const Session copy = Restore(OpenOf(spec), Snapshot(*original)).value();
    const Matrix more = RandomMatrix(2, kDims, random_);
    for (const Session* session : {&original, &copy}) {
      ASSERT_THAT(Ingest(**session, {Block(more, more), Zeros(2)}), IsOk());
    }
    EXPECT_EQ(Snapshot(*copy), Snapshot(*original));
    const Matrix queries = RandomMatrix(2, kDims, random_);
    EXPECT_EQ(copy->Attend(queries).value(), original->Attend(queries).value());
  }
}

TEST_F(AlgorithmSessionsTest, EveryAlteredOrMissingByteOfASnapshotIsDataLoss) {
  const Session session = Open("float16");
  const Matrix keys = RandomMatrix(2, kDims, random_);
  ASSERT_THAT(Ingest(*session, {Block(keys, keys)}), IsOk());
  const std::string snapshot = Snapshot(*session);
  ASSERT_EQ(snapshot.size(), ContainerBytes(kDims, 2, 8 * kDims) + 8 * kDims);
  const auto data_loss = StatusIs(Code::kDataLoss, HasSubstr("algorithm at"));
  for (size_t at = 0; at < snapshot.size(); ++at) {
    std::string altered = snapshot;
    altered[at] = static_cast<char>(altered[at] ^ (1 << at % 8));
    EXPECT_THAT(Restore(OpenOf("float16"), altered).status(), data_loss) << at;
    EXPECT_THAT(Restore(OpenOf("float16"), snapshot.substr(0, at)).status(), data_loss) << at;
  }
  EXPECT_THAT(Restore(OpenOf("float16"), snapshot + "x").status(), data_loss);
  EXPECT_THAT(Restore(OpenOf("float16"), snapshot).status(), IsOk());
}

TEST_F(AlgorithmSessionsTest, ASnapshotOfOtherOptionsOrDimsIsRefused) {
  const Session session = Open("streaming:window=3");
  ASSERT_THAT(Ingest(*session, {Zeros(2)}), IsOk());
  const std::string snapshot = Snapshot(*session);
  EXPECT_THAT(Restore(OpenOf("streaming:window=4"), snapshot).status(),
              StatusIs(Code::kFailedPrecondition, HasSubstr("another choice of options")));
  EXPECT_THAT(Restore(OpenOf("streaming:window=3", 16), snapshot).status(),
              StatusIs(Code::kFailedPrecondition, HasSubstr("another d: 8, expected 16")));
  v1::OpenRequest open = OpenOf("streaming:window=3");
  open.set_protocol_version(0);
  EXPECT_THAT(Restore(open, snapshot).status(),
              StatusIs(Code::kFailedPrecondition, HasSubstr("protocol version 0")));
}

TEST_F(AlgorithmSessionsTest, RestoreMustSayWhatItOpens) {
  grpc::ClientContext context;
  v1::RestoreResponse response;
  const auto writer = algorithm_.stub->Restore(&context, &response);
  v1::RestoreRequest request;
  request.set_data("KVWS");
  writer->Write(request);
  writer->WritesDone();
  EXPECT_THAT(FromGrpc(writer->Finish()),
              StatusIs(Code::kInvalidArgument, HasSubstr("does not say what to open")));
}

TEST_F(AlgorithmSessionsTest, RestoredSessionsCountAmongTheOpenOnes) {
  std::vector<Session> sessions;
  sessions.push_back(Open());
  const std::string snapshot = Snapshot(*sessions.front());
  while (sessions.size() < 256) sessions.push_back(Restore(OpenOf("exact"), snapshot).value());
  EXPECT_THAT(Restore(OpenOf("exact"), snapshot).status(),
              StatusIs(Code::kResourceExhausted, HasSubstr("256 sessions are open")));
  sessions.pop_back();
  EXPECT_THAT(Restore(OpenOf("exact"), snapshot).status(), IsOk());
}

TEST_F(AlgorithmSessionsTest, CallsOfAClosedSessionAreNotFound) {
  AlgorithmSession nobody(client_, 4711, cancellation_);
  const auto not_found = StatusIs(Code::kNotFound, HasSubstr("there is no session 4711"));
  EXPECT_THAT(Ingest(nobody, {}), not_found);
  EXPECT_THAT(nobody.Attend(Matrix::Zero(1, kDims)), not_found);
  EXPECT_THAT(nobody.Snapshot([](const absl::Cord&) { return absl::OkStatus(); }), not_found);
  grpc::ClientContext ingest_context, close_context;
  v1::IngestResponse ingested;
  const auto writer = algorithm_.stub->Ingest(&ingest_context, &ingested);
  writer->WritesDone();
  EXPECT_THAT(FromGrpc(writer->Finish()),
              StatusIs(Code::kNotFound, HasSubstr("the stream named no session")));
  v1::CloseRequest close;
  close.set_session_id(4711);
  v1::CloseResponse closed;
  EXPECT_THAT(FromGrpc(algorithm_.stub->Close(&close_context, close, &closed)), IsOk());
}

TEST_F(AlgorithmSessionsTest, IngestRefusesWhatDoesNotFit) {
  const Session half = Open("float16");
  EXPECT_THAT(Ingest(*half, {Block(Matrix::Constant(1, kDims, 1e6F), Matrix::Zero(1, kDims))}),
              StatusIs(Code::kInvalidArgument, HasSubstr("token 0 overflows 16 bits")));
  v1::OpenRequest open = OpenOf("exact");
  open.mutable_parameters()->clear_frame();
  open.set_memory_limit_bytes(2 * 64);
  const Session small = client_.Open(open, cancellation_).value();
  const Matrix keys = RandomMatrix(2, kDims, random_);
  ASSERT_THAT(Ingest(*small, {Block(keys, keys)}), IsOk());
  EXPECT_THAT(Ingest(*small, {Block(keys, keys)}),
              StatusIs(Code::kResourceExhausted, HasSubstr("allowed are 128")));
  EXPECT_EQ(Ingest(*small, {})->token_count(), 2);
}

TEST_F(AlgorithmSessionsTest, ABlockWithoutRowsHasNoMatrix) {
  const Session session = Open();
  v1::IngestRequest block;
  block.set_values("four");
  EXPECT_THAT(Ingest(*session, {block}),
              StatusIs(Code::kInvalidArgument, HasSubstr("values has 4 bytes, not 0 rows")));
}

TEST_F(AlgorithmSessionsTest, ABlockWithoutRowsMayCloseItsScale) {
  const Matrix keys = RandomMatrix(3, kDims, random_),
               queries = RandomMatrix(1, kDims, random_);
  std::vector<Matrix> answers;
  for (const bool at_once : {true, false}) {
    const Session session = Open("streaming:sinks=0,window=1");
    ASSERT_THAT(Ingest(*session, {Block(keys, keys, at_once), Zeros(0), Zeros(1)}), IsOk());
    answers.push_back(session->Attend(queries).value());
  }
  EXPECT_EQ(answers[0], answers[1]);
}

TEST_F(AlgorithmSessionsTest, IngestingNothingChangesNothing) {
  const Matrix keys = RandomMatrix(3, kDims, random_),
               queries = RandomMatrix(1, kDims, random_);
  const Session session = Open("streaming:sinks=0,window=1");
  ASSERT_THAT(Ingest(*session, {Block(keys, keys)}), IsOk());
  const Matrix before = session->Attend(queries).value();
  ASSERT_THAT(Ingest(*session, {}), IsOk());
  EXPECT_EQ(session->Attend(queries).value(), before);
}

}  // namespace
}  // namespace kvwire
