// Alice between the driver, her algorithm and Bob.

#include "server/alice/alice_service.h"

#include <memory>
#include <string>

#include "common/wire/status_conversion.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/container.h"
#include "tests/server/test_services.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

constexpr uint64_t kRun = 5;

class AliceServiceTest : public ::testing::Test {
 protected:
  v1::SpeakOpening Opening(const PublicParameters& parameters = SmallParameters()) {
    v1::SpeakOpening opening;
    opening.set_protocol_version(kProtocolVersion);
    opening.set_run_id(kRun);
    *opening.mutable_parameters() = ParametersToProto(parameters);
    opening.set_channel_endpoint(bob_.server.endpoint().ToString());
    opening.set_connect_timeout_seconds(5);
    return opening;
  }

  absl::StatusOr<v1::SpeakResponse> Speak(const v1::SpeakOpening& opening,
                                          const std::string& bits) {
    const auto stub = v1::AliceService::NewStub(ControlChannel(server_.endpoint()));
    grpc::ClientContext context;
    v1::SpeakResponse response;
    const auto writer = stub->Speak(&context, &response);
    v1::SpeakRequest request;
    *request.mutable_opening() = opening;
    writer->Write(request);
    request.set_bits(bits);
    writer->Write(request);
    writer->WritesDone();
    const absl::Status status = FromGrpc(writer->Finish());
    if (!status.ok()) return status;
    return response;
  }

  TestBob bob_;
  TestAlgorithm algorithm_;
  AliceServiceHost host_{algorithm_.server.endpoint()};
  LoopbackServer server_{{&host_}};
  const std::string bits_ = "\x01\x80\x55\xaa\x3c";
  const std::string other_bits_ = "\x01\x80\x55\xaa\x3d";
};

TEST_F(AliceServiceTest, BothEndsKeepTheSameBooks) {
  const auto spoken = Speak(Opening(), bits_);
  ASSERT_THAT(spoken, IsOk());
  const auto message = *bob_.store.FindSealed(kRun);
  const v1::ChannelLedger alice = spoken->ledger();
  const v1::ChannelLedger bob = message->Ledger(absl::Seconds(5));
  EXPECT_EQ(alice.snapshot_bytes(), ContainerBytes(8, 5, 5 * 64) + 5 * 64);
  EXPECT_EQ(alice.snapshot_bytes(), bob.snapshot_bytes());
  EXPECT_EQ(alice.message_count(), bob.message_count());
  EXPECT_EQ(alice.message_bytes(), bob.message_bytes());
  ASSERT_EQ(alice.connections_size(), 1);
  ASSERT_EQ(bob.connections_size(), 1);
  EXPECT_TRUE(alice.connections(0).final() && bob.connections(0).final());
  EXPECT_EQ(alice.connections(0).sent_bytes(), bob.connections(0).received_bytes());
  EXPECT_GT(alice.connections(0).sent_bytes(), alice.message_bytes());
  EXPECT_EQ(spoken->snapshot_sha256(), message->sha256());
  EXPECT_EQ(spoken->state_bits(), 5 * 64 * 8);
}

TEST_F(AliceServiceTest, AMessageOfOneChunkHasTheBytesThatItsFieldsAdd) {
  v1::SpeakOpening opening = Opening();
  opening.set_payload_bytes(5);
  const auto spoken = Speak(opening, bits_);
  ASSERT_THAT(spoken, IsOk());
  // Tags and lengths: run id 1 + 8, digest 2 + 16, payload bytes 1 + 1, checksum 1 + 4,
  // finish 2 + (length 1 + 2, digest 2 + 32), data 1 + 2 + 343; offset 0 takes nothing.
  EXPECT_EQ(spoken->ledger().message_bytes(), 9 + 18 + 2 + 5 + 2 + 3 + 34 + 3 + 343);
  EXPECT_EQ((*bob_.store.Find(kRun))->payload_bytes(), 5);
}

TEST_F(AliceServiceTest, CutsALargeSnapshotIntoChunksOfOneMebibyte) {
  PublicParameters parameters = SmallParameters();
  parameters.shape = ProblemShape::Var(*Scales::Pyramid(64));
  parameters.dims = 256;
  const auto spoken = Speak(Opening(parameters), std::string(1365 * 256 / 8, 'x'));
  ASSERT_THAT(spoken, IsOk());
  EXPECT_EQ(spoken->ledger().snapshot_bytes(),
            ContainerBytes(256, 1365, 1365 * 2 * 256 * 4) + 1365 * 2 * 256 * 4);
  EXPECT_EQ(spoken->ledger().message_count(), 3);
}

TEST_F(AliceServiceTest, RefusesBitsOfAnotherLength) {
  EXPECT_THAT(Speak(Opening(), bits_.substr(1)),
              StatusIs(Code::kInvalidArgument, HasSubstr("4 bytes of bits")));
  EXPECT_THAT(Speak(Opening(), bits_ + "x"),
              StatusIs(Code::kInvalidArgument, HasSubstr("more bits")));
}

TEST_F(AliceServiceTest, RefusesABadOpening) {
  v1::SpeakOpening opening = Opening();
  opening.set_protocol_version(3);
  EXPECT_THAT(Speak(opening, bits_), StatusIs(Code::kFailedPrecondition, HasSubstr("3")));
  opening = Opening();
  opening.set_run_id(0);
  EXPECT_THAT(Speak(opening, bits_), StatusIs(Code::kInvalidArgument, HasSubstr("run id")));
  opening = Opening();
  opening.set_connect_timeout_seconds(0);
  EXPECT_THAT(Speak(opening, bits_), StatusIs(Code::kInvalidArgument, HasSubstr("timeout")));
  opening = Opening();
  opening.mutable_parameters()->set_dims(-4);
  EXPECT_THAT(Speak(opening, bits_), StatusIs(Code::kInvalidArgument, HasSubstr("-4")));
  opening = Opening();
  opening.set_channel_endpoint("nowhere");
  EXPECT_THAT(Speak(opening, bits_), StatusIs(Code::kInvalidArgument, HasSubstr("HOST:PORT")));
  EXPECT_THAT(Speak(Opening(SmallParameters("nonesuch")), bits_),
              StatusIs(Code::kInvalidArgument, HasSubstr("nonesuch")));
}

TEST_F(AliceServiceTest, PassesOnWhatBobRefuses) {
  ASSERT_THAT(Speak(Opening(), bits_), IsOk());
  EXPECT_THAT(Speak(Opening(), other_bits_),
              StatusIs(Code::kAlreadyExists, HasSubstr("Bob's channel")));
}

TEST_F(AliceServiceTest, TheSameCallOnceMoreIsAnsweredTheSame) {
  const auto first = Speak(Opening(), bits_);
  const auto again = Speak(Opening(), bits_);
  ASSERT_THAT(again.status(), IsOk());
  EXPECT_EQ(again->snapshot_sha256(), first->snapshot_sha256());
}

TEST_F(AliceServiceTest, SaysWhoCannotBeReached) {
  const RefusingPort nobody;
  v1::SpeakOpening opening = Opening();
  opening.set_connect_timeout_seconds(0.3);
  opening.set_channel_endpoint(nobody.endpoint().ToString());
  EXPECT_THAT(Speak(opening, bits_),
              StatusIs(Code::kUnavailable, HasSubstr("Bob's channel at")));
  AliceServiceHost lonely(nobody.endpoint());
  LoopbackServer server({&lonely});
  const auto stub = v1::AliceService::NewStub(ControlChannel(server.endpoint()));
  grpc::ClientContext context;
  v1::SpeakResponse response;
  const auto writer = stub->Speak(&context, &response);
  v1::SpeakRequest request;
  *request.mutable_opening() = opening;
  writer->Write(request);
  request.set_bits(bits_);
  writer->Write(request);
  writer->WritesDone();
  EXPECT_THAT(FromGrpc(writer->Finish()),
              StatusIs(Code::kUnavailable, HasSubstr("the algorithm at")));
}

TEST_F(AliceServiceTest, AFailedRunLeavesNoSessionBehind) {
  ASSERT_THAT(Speak(Opening(), bits_), IsOk());
  // More failures than the algorithm has sessions.
  for (size_t k = 0; k <= SessionLimits::kMaxSessions; ++k) {
    ASSERT_THAT(Speak(Opening(), other_bits_),
                StatusIs(Code::kAlreadyExists, HasSubstr("run")));
  }
}

}  // namespace
}  // namespace kvwire
