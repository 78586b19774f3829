// A reply that does not parse, as a broken network or an ill-disposed peer sends it, ends the
// call and not the process.

#include <memory>
#include <string>

#include "common/base/status_macros.h"
#include "common/wire/algorithm_client.h"
#include "common/wire/channel_pace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/alice/alice_transfer.h"
#include "server/calls/acknowledged_reader.h"
#include "tests/server/garbled_algorithm.h"
#include "tests/server/test_services.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

// Answers each chunk so, or the last one only.
struct GarbledProgress {
  absl::Status Take(const grpc::ByteBuffer& /*request*/, grpc::ByteBuffer& response) const {
    if (always) response = Garbage();
    return absl::OkStatus();
  }
  static absl::Status End(grpc::ByteBuffer& response) {
    response = Garbage();
    return absl::OkStatus();
  }

  bool always;
};

struct GarbledChannel final
    : v1::OneWayChannelService::WithRawCallbackMethod_Send<v1::OneWayChannelService::Service> {
  explicit GarbledChannel(bool each_time) : always(each_time) {}
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Send(
      grpc::CallbackServerContext* context) override {
    return new AcknowledgedReader<GarbledProgress>(
        *context, pool, std::make_unique<GarbledProgress>(GarbledProgress{always}));
  }
  const bool always;
  WorkPool pool{2};
};

// What becomes of a message of so many bytes.
absl::Status SendTo(GarbledChannel& bob, int64_t bytes) {
  LoopbackServer server({&bob});
  const TransferOptions options{.channel = server.endpoint(),
                                .run_id = 1,
                                .parameters_digest = ParametersDigest(SmallParameters()),
                                .patience = absl::Seconds(20)};
  Cancellation cancellation;
  KVWIRE_ASSIGN_OR_RETURN(
      auto connection, ConnectMeasured(server.endpoint(), options.patience, "Bob's channel"));
  const absl::Cord message(std::string(bytes, 'x'));
  return TransferMessage(
             std::move(connection), options,
             [&](absl::FunctionRef<absl::Status(absl::Cord)> write) { return write(message); },
             cancellation)
      .status();
}

TEST(GarbledRepliesTest, OfBobAreAnErrorOfTheTransfer) {
  GarbledChannel bob(/*each_time=*/false);
  EXPECT_THAT(SendTo(bob, 1), StatusIs(Code::kInternal, HasSubstr("cannot be read")));
}

TEST(GarbledRepliesTest, OfBobInTheMiddleOfALongMessageAreTooBeforeItsEnd) {
  GarbledChannel bob(/*each_time=*/true);
  EXPECT_THAT(SendTo(bob, kMostAheadBytes + (8 << 20)),
              StatusIs(Code::kInternal, HasSubstr("cannot be read")));
}

TEST(GarbledRepliesTest, OfAnAlgorithmAreAnErrorOfTheCall) {
  GarbledAlgorithm algorithm;
  LoopbackServer server({&algorithm});
  const AlgorithmClient client(server.endpoint());
  Cancellation cancellation;
  const auto none = [](absl::Cord& /*piece*/) -> absl::StatusOr<bool> { return false; };
  const auto cannot_be_read = StatusIs(Code::kInternal, HasSubstr("cannot be read"));
  EXPECT_THAT(client.Restore(OpenRequestOf(SmallParameters()), none, cancellation),
              cannot_be_read);
  EXPECT_THAT(client.Describe(absl::Seconds(20), cancellation).value()->All(), cannot_be_read);
  AlgorithmSession session(client, 1, cancellation);
  EXPECT_THAT(session.Attend(Matrix::Ones(1, 8)), cannot_be_read);
  EXPECT_THAT(session.Snapshot([](const absl::Cord&) { return absl::OkStatus(); }),
              StatusIs(Code::kInternal, HasSubstr("no such message")));
}

}  // namespace
}  // namespace kvwire
