// A reply that does not parse, as a broken network or an ill-disposed peer sends it, ends the
// call and not the process.

#include <memory>
#include <string>

#include "common/base/status_macros.h"
#include "common/wire/algorithm_client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/alice_transfer.h"
#include "server/streams.h"
#include "tests/server/test_services.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

// Reads all that comes and answers with bytes that are no message.
class Garbler {
 public:
  explicit Garbler(grpc::ByteBuffer* response) : response_(response) {}
  absl::Status Take(const grpc::ByteBuffer& /*request*/) { return absl::OkStatus(); }
  absl::Status End() {
    const grpc::Slice garbage("\xff\xff\xff");
    *response_ = grpc::ByteBuffer(&garbage, 1);
    return absl::OkStatus();
  }
  void Cancel() {}

 private:
  grpc::ByteBuffer* response_;
};

using Reader = StreamReader<grpc::ByteBuffer, Garbler>;

struct GarbledChannel final
    : v1::OneWayChannelService::WithRawCallbackMethod_Send<v1::OneWayChannelService::Service> {
  grpc::ServerReadReactor<grpc::ByteBuffer>* Send(grpc::CallbackServerContext* context,
                                                  grpc::ByteBuffer* response) override {
    return new Reader(*context, pool, std::make_unique<Garbler>(response));
  }
  WorkPool pool{2};
};

struct GarbledAlgorithm final
    : v1::AlgorithmService::WithRawCallbackMethod_Restore<v1::AlgorithmService::Service> {
  grpc::ServerReadReactor<grpc::ByteBuffer>* Restore(grpc::CallbackServerContext* context,
                                                     grpc::ByteBuffer* response) override {
    return new Reader(*context, pool, std::make_unique<Garbler>(response));
  }
  WorkPool pool{2};
};

TEST(GarbledRepliesTest, OfBobAreAnErrorOfTheTransfer) {
  GarbledChannel bob;
  LoopbackServer server({&bob});
  const TransferOptions options{.channel = server.endpoint(),
                                .run_id = 1,
                                .parameters_digest = ParametersDigest(SmallParameters()),
                                .patience = absl::Seconds(20)};
  Cancellation cancellation;
  auto connection = ConnectMeasured(server.endpoint(), options.patience, "Bob's channel");
  ASSERT_THAT(connection.status(), IsOk());
  const auto sent = TransferMessage(
      *std::move(connection), options,
      [](absl::FunctionRef<absl::Status(absl::Cord)> write) { return write(absl::Cord("x")); },
      cancellation);
  EXPECT_THAT(sent, StatusIs(Code::kInternal, HasSubstr("cannot be read")));
}

TEST(GarbledRepliesTest, OfAnAlgorithmAreAnErrorOfTheCall) {
  GarbledAlgorithm algorithm;
  LoopbackServer server({&algorithm});
  const AlgorithmClient client(server.endpoint());
  Cancellation cancellation;
  const auto none = [](absl::Cord& /*piece*/) -> absl::StatusOr<bool> { return false; };
  EXPECT_THAT(client.Restore(OpenRequestOf(SmallParameters()), none, cancellation),
              StatusIs(Code::kInternal, HasSubstr("cannot be read")));
}

}  // namespace
}  // namespace kvwire
