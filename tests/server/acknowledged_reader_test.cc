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
  absl::Status End(grpc::ByteBuffer& /*response*/) const {
    ++ended;
    return absl::OkStatus();
  }

  std::atomic<int>& taken;
  std::atomic<int>& ended;
};

struct ExpansiveService final
    : v1::OneWayChannelService::WithRawCallbackMethod_Send<v1::OneWayChannelService::Service> {
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Send(
      grpc::CallbackServerContext* context) override {
    return new AcknowledgedReader<Expansive>(
        *context, pool, std::make_unique<Expansive>(Expansive{taken, ended}));
  }
  std::atomic<int> taken = 0;
  std::atomic<int> ended = 0;
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

struct ExpansiveCall {
  explicit ExpansiveCall(const LoopbackServer& server)
      : channel(UnsharedChannel(server.endpoint(), {})),
        stream(StartBulkExchange(
            *channel, MethodPath(v1::OneWayChannelService::service_full_name(), "Send"),
            &context)) {}

  void Ask(int count) {
    const grpc::Slice request("x");
    for (int k = 0; k < count; ++k) {
      ASSERT_TRUE(stream->Write(grpc::ByteBuffer(&request, 1)));
    }
  }

  grpc::ClientContext context;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>> stream;
};

TEST(AcknowledgedReaderTest, AClientThatTakesNoAnswersIsNotReadUntilItDoes) {
  ExpansiveService service;
  LoopbackServer server({&service});
  ExpansiveCall call(server);
  // All of them fit in a window of requests: only the answers can stand in their way.
  call.Ask(kMostRequests);
  call.stream->WritesDone();
  const int before = Settled(service.taken);
  EXPECT_GE(before, 1);
  EXPECT_LE(before, kMostHeldAnswers);

  grpc::ByteBuffer answer;
  int answers = 0;
  while (call.stream->Read(&answer)) ++answers;
  EXPECT_TRUE(call.stream->Finish().ok());
  EXPECT_EQ(answers, kMostRequests);
  EXPECT_EQ(service.taken, kMostRequests);
  EXPECT_EQ(service.ended, 1);
}

TEST(AcknowledgedReaderTest, TheHandlerHearsOfAClientThatIsGoneWhileItIsAnswered) {
  ExpansiveService service;
  LoopbackServer server({&service});
  {
    ExpansiveCall call(server);
    call.Ask(kMostRequests);
    Settled(service.taken);
    EXPECT_EQ(service.ended, 0);
    call.context.TryCancel();
    EXPECT_EQ(call.stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  while (service.ended == 0) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_LE(service.taken, kMostHeldAnswers);
  EXPECT_EQ(service.ended, 1);
}

}  // namespace
}  // namespace kvwire
