#include "server/calls/acknowledged_reader.h"

#include <atomic>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "common/wire/bulk_calls.h"
#include "common/wire/channels.h"
#include "gtest/gtest.h"
#include "kvwire/v1/channel.grpc.pb.h"
#include "tests/server/test_services.h"

namespace kvwire {
namespace {

constexpr int kMostRequests = 1024;
constexpr size_t kAnswerBytes = size_t{256} << 10;
// What gRPC may hold of answers that nobody takes: a window of a stream, and what is under
// way to it.
constexpr int kMostHeldAnswers = 128;

// A large answer to each small request.
struct Expansive {
  absl::Status Take(const grpc::ByteBuffer& /*request*/, grpc::ByteBuffer& response) const {
    ++taken;
    const grpc::Slice bytes(std::string(kAnswerBytes, 'x'));
    response = grpc::ByteBuffer(&bytes, 1);
    return absl::OkStatus();
  }
  static absl::Status End(grpc::ByteBuffer& /*response*/) { return absl::OkStatus(); }

  std::atomic<int>& taken;
};

struct ExpansiveService final
    : v1::OneWayChannelService::WithRawCallbackMethod_Send<v1::OneWayChannelService::Service> {
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Send(
      grpc::CallbackServerContext* context) override {
    return new AcknowledgedReader<Expansive>(*context, pool,
                                             std::make_unique<Expansive>(Expansive{taken}));
  }
  std::atomic<int> taken = 0;
  WorkPool pool{2};
};

// The number once it has stood still for a while.
int Settled(const std::atomic<int>& number) {
  int last = -1;
  for (int still = 0; still < 20; absl::SleepFor(absl::Milliseconds(10))) {
    const int now = number;
    still = now == last ? still + 1 : 0;
    last = now;
  }
  return last;
}

TEST(AcknowledgedReaderTest, AClientThatTakesNoAnswersIsNotReadUntilItDoes) {
  ExpansiveService service;
  LoopbackServer server({&service});
  const auto channel = UnsharedChannel(server.endpoint(), {});
  grpc::ClientContext context;
  const auto stream = StartBulkExchange(
      *channel, MethodPath(v1::OneWayChannelService::service_full_name(), "Send"), &context);
  const grpc::Slice request("x");
  // All of them fit in a window of requests: only the answers can stand in their way.
  for (int k = 0; k < kMostRequests; ++k) {
    ASSERT_TRUE(stream->Write(grpc::ByteBuffer(&request, 1)));
  }
  stream->WritesDone();
  const int before = Settled(service.taken);
  EXPECT_GE(before, 1);
  EXPECT_LE(before, kMostHeldAnswers);

  grpc::ByteBuffer answer;
  int answers = 0;
  while (stream->Read(&answer)) ++answers;
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(answers, kMostRequests);
  EXPECT_EQ(service.taken, kMostRequests);
}

}  // namespace
}  // namespace kvwire
