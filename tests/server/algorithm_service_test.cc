// The built-in algorithms behind the plug-in contract, spoken to as a stranger would.

#include "server/algorithm/algorithm_service.h"

#include <limits>
#include <string>
#include <vector>

#include "common/kv/registry.h"
#include "common/wire/rows.h"
#include "common/wire/status_conversion.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/algorithm_caller.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

TEST_F(AlgorithmServiceTest, DescribesItselfAndTellsProcessesApart) {
  TestAlgorithm other;
  v1::DescribeResponse first, again, second;
  grpc::ClientContext contexts[3];
  ASSERT_TRUE(algorithm_.stub->Describe(&contexts[0], {}, &first).ok());
  ASSERT_TRUE(algorithm_.stub->Describe(&contexts[1], {}, &again).ok());
  ASSERT_TRUE(other.stub->Describe(&contexts[2], {}, &second).ok());
  EXPECT_EQ(first.protocol_version(), 1);
  EXPECT_EQ(first.process_id(), again.process_id());
  EXPECT_NE(first.process_id(), second.process_id());
  std::vector<std::string> names;
  for (const auto& algorithm : first.algorithms()) names.push_back(algorithm.name());
  std::vector<std::string> built_in;
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    built_in.emplace_back(algorithm.name);
  }
  EXPECT_EQ(names, built_in);
  EXPECT_THAT(names, ::testing::IsSupersetOf({"bitplane", "exact", "float16", "streaming"}));
}

TEST_F(AlgorithmServiceTest, OpenRefusesWhatItDoesNotKnow) {
  const auto open = [this](const std::string& spec) {
    return Open(OpenRequestOf(SmallParameters(spec)));
  };
  EXPECT_THAT(open("nonesuch"), StatusIs(Code::kInvalidArgument,
                                         AllOf(HasSubstr("nonesuch"), HasSubstr("bitplane"))));
  EXPECT_THAT(open("streaming:size=3"),
              StatusIs(Code::kInvalidArgument, AllOf(HasSubstr("size"), HasSubstr("window"))));
  EXPECT_THAT(open("streaming:window=-1"),
              StatusIs(Code::kInvalidArgument, HasSubstr("window")));
  v1::OpenRequest request = OpenRequestOf(SmallParameters());
  request.set_protocol_version(2);
  EXPECT_THAT(Open(request), StatusIs(Code::kFailedPrecondition,
                                      AllOf(HasSubstr("version 2"), HasSubstr("version 1"))));
  request = OpenRequestOf(SmallParameters());
  request.mutable_parameters()->set_dims(0);
  EXPECT_THAT(Open(request), StatusIs(Code::kInvalidArgument, HasSubstr("d = 0")));
  request = OpenRequestOf(SmallParameters());
  request.mutable_parameters()->set_attention(static_cast<v1::AttentionKind>(9));
  EXPECT_THAT(Open(request), StatusIs(Code::kInvalidArgument, HasSubstr("attention kind 9")));
  request = OpenRequestOf(SmallParameters("bitplane"));
  request.mutable_parameters()->set_frame(v1::KEY_FRAME_KIND_UNSPECIFIED);
  EXPECT_THAT(Open(request), StatusIs(Code::kFailedPrecondition, HasSubstr("frame")));
}

TEST_F(AlgorithmServiceTest, ChecksMemoryBeforeItIsTaken) {
  v1::OpenRequest request = OpenRequestOf(SmallParameters());
  request.set_memory_limit_bytes(5 * 2 * 8 * 4 - 1);
  EXPECT_THAT(Open(request), StatusIs(Code::kResourceExhausted, HasSubstr("319")));
  request.set_memory_limit_bytes(5 * 2 * 8 * 4);
  EXPECT_THAT(Open(request), IsOk());
  // The caller cannot raise the server's own limit.
  request.mutable_parameters()->set_token_count(kTestMemory / 64 + 1);
  request.set_memory_limit_bytes(std::numeric_limits<int64_t>::max());
  EXPECT_THAT(Open(request), StatusIs(Code::kResourceExhausted, HasSubstr("67108864")));
}

TEST_F(AlgorithmServiceTest, IngestRefusesBadBlocksAndKeepsWhatCameBefore) {
  const int64_t session = OpenSmall("bitplane");
  EXPECT_THAT(Ingest(Tokens(session + 1)), StatusIs(Code::kNotFound, HasSubstr("session")));
  v1::IngestResponse state;
  ASSERT_THAT(Ingest(Tokens(session), &state), IsOk());
  EXPECT_EQ(state.token_count(), 5);
  EXPECT_EQ(state.state_bits(), 40);
  EXPECT_EQ(state.section_count(), 1);
  const std::string before = *Snapshot(session);

  v1::IngestRequest bad = Tokens(session);
  bad.mutable_keys()->pop_back();
  EXPECT_THAT(Ingest(bad), StatusIs(Code::kInvalidArgument, HasSubstr("keys has 159 bytes")));
  bad = Tokens(session);
  bad.set_rows(-1);
  EXPECT_THAT(Ingest(bad), StatusIs(Code::kInvalidArgument, HasSubstr("fewer than 0")));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  bad = Tokens(session);
  bad.set_values(RowsToBytes(Matrix::Constant(5, 8, nan)));
  EXPECT_THAT(Ingest(bad), StatusIs(Code::kInvalidArgument, HasSubstr("NaN")));
  bad = Tokens(session);
  bad.set_keys(RowsToBytes(Matrix::Constant(5, 8, 0.25F)));
  EXPECT_THAT(Ingest(bad), StatusIs(Code::kFailedPrecondition, HasSubstr("token")));
  EXPECT_EQ(*Snapshot(session), before);
}

TEST_F(AlgorithmServiceTest, ARestoredSessionAnswersAsTheOriginal) {
  for (const std::string spec : {"exact", "float16", "bitplane", "streaming"}) {
    const int64_t session = OpenSmall(spec);
    ASSERT_THAT(Ingest(Tokens(session)), IsOk());
    const std::string snapshot = *Snapshot(session);
    for (const size_t piece : {size_t{1}, size_t{17}, snapshot.size()}) {
      const auto copy = Restore(OpenRequestOf(SmallParameters(spec)), snapshot, piece);
      ASSERT_THAT(copy, IsOk());
      EXPECT_EQ(*Attend(*copy, 1, Query()), *Attend(session, 1, Query()));
      EXPECT_EQ(*Snapshot(*copy), snapshot);
    }
  }
}

TEST_F(AlgorithmServiceTest, RestoreRefusesWhatIsNotAWholeUnalteredSnapshotOfTheSetup) {
  const int64_t session = OpenSmall();
  ASSERT_THAT(Ingest(Tokens(session)), IsOk());
  const std::string snapshot = *Snapshot(session);
  const v1::OpenRequest open = OpenRequestOf(SmallParameters());
  for (size_t length = 0; length < snapshot.size(); length += 9) {
    EXPECT_THAT(Restore(open, snapshot.substr(0, length)),
                StatusIs(Code::kDataLoss, HasSubstr("snapshot")));
  }
  for (size_t at = 0; at < snapshot.size(); at += 5) {
    std::string altered = snapshot;
    altered[at] ^= 0x10;
    EXPECT_FALSE(Restore(open, altered).ok()) << at;
  }
  EXPECT_THAT(
      Restore(OpenRequestOf(SmallParameters("float16")), snapshot),
      StatusIs(Code::kFailedPrecondition, AllOf(HasSubstr("exact"), HasSubstr("float16"))));
}

TEST_F(AlgorithmServiceTest, RestoreOpensInItsFirstRequestAndNeverAgain) {
  const auto restore = [this](const std::vector<v1::RestoreRequest>& requests) {
    grpc::ClientContext context;
    v1::RestoreResponse response;
    const auto writer = algorithm_.stub->Restore(&context, &response);
    for (const v1::RestoreRequest& request : requests) writer->Write(request);
    writer->WritesDone();
    return FromGrpc(writer->Finish());
  };
  v1::RestoreRequest open;
  *open.mutable_open() = OpenRequestOf(SmallParameters());
  EXPECT_THAT(restore({}), StatusIs(Code::kInvalidArgument, HasSubstr("opened nothing")));
  EXPECT_THAT(restore({v1::RestoreRequest(), open}),
              StatusIs(Code::kInvalidArgument, HasSubstr("does not say what to open")));
  EXPECT_THAT(restore({open, open}),
              StatusIs(Code::kInvalidArgument, HasSubstr("a second time")));
}

TEST_F(AlgorithmServiceTest, AttendMayBeRepeatedAndChangesNothing) {
  const int64_t session = OpenSmall();
  EXPECT_THAT(Attend(session, 1, Query()), StatusIs(Code::kFailedPrecondition, HasSubstr("")));
  ASSERT_THAT(Ingest(Tokens(session)), IsOk());
  const std::string snapshot = *Snapshot(session);
  const std::string answer = *Attend(session, 1, Query());
  EXPECT_EQ(answer.size(), 32U);
  EXPECT_EQ(*Attend(session, 1, Query()), answer);
  EXPECT_EQ(*Snapshot(session), snapshot);
  EXPECT_THAT(Attend(session, 2, Query()),
              StatusIs(Code::kInvalidArgument, HasSubstr("queries has 32 bytes")));
  EXPECT_THAT(Attend(session, 0, ""),
              StatusIs(Code::kInvalidArgument, HasSubstr("no queries")));
  EXPECT_THAT(Attend(session + 1, 1, Query()),
              StatusIs(Code::kNotFound, HasSubstr("session")));
}

TEST_F(AlgorithmServiceTest, AClosedSessionIsGoneAndMakesRoom) {
  std::vector<int64_t> sessions;
  for (size_t k = 0; k < SessionLimits::kMaxSessions; ++k) sessions.push_back(OpenSmall());
  EXPECT_THAT(Open(OpenRequestOf(SmallParameters())),
              StatusIs(Code::kResourceExhausted, HasSubstr("256 sessions")));
  grpc::ClientContext context;
  v1::CloseRequest close;
  close.set_session_id(sessions.front());
  v1::CloseResponse response;
  ASSERT_TRUE(algorithm_.stub->Close(&context, close, &response).ok());
  EXPECT_THAT(Snapshot(sessions.front()), StatusIs(Code::kNotFound, HasSubstr("session")));
  EXPECT_THAT(Open(OpenRequestOf(SmallParameters())), IsOk());
}

}  // namespace
}  // namespace kvwire
