#include "common/wire/channels.h"

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "common/wire/status_conversion.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/fake_algorithm.h"
#include "tests/wire/loopback_server.h"
#include "tests/wire/plain_tcp.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(60);

// A server that meters the connections its calls come over.
class MeteringServer {
 public:
  explicit MeteringServer(const std::string& host = "127.0.0.1")
      : server_({&algorithm_}, host) {
    algorithm_.describe = [this](grpc::ServerContext& context, v1::DescribeResponse&) {
      const absl::MutexLock lock(&mutex_);
      peers_.push_back(context.peer());
      meters_.push_back(TcpMeter::AttachAccepted(context.peer(), server_.endpoint().port));
      return ToGrpc(meters_.back().status());
    };
  }

  const Endpoint& endpoint() const { return server_.endpoint(); }
  std::vector<std::string> peers() const {
    const absl::MutexLock lock(&mutex_);
    return peers_;
  }
  v1::TcpCount LastCount() const {
    const absl::MutexLock lock(&mutex_);
    return (*meters_.back())->Count(kLong);
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> peers_;
  std::vector<absl::StatusOr<std::shared_ptr<const TcpMeter>>> meters_;
  FakeAlgorithm algorithm_;
  LoopbackServer server_;
};

absl::Status Call(const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = v1::AlgorithmService::NewStub(channel);
  grpc::ClientContext context;
  v1::DescribeResponse response;
  return FromGrpc(stub->Describe(&context, {}, &response));
}

TEST(ChannelsTest, EqualControlChannelsShareAConnection) {
  MeteringServer server;
  const auto first = ControlChannel(server.endpoint());
  const auto second = ControlChannel(server.endpoint());
  ASSERT_THAT(Call(first), IsOk());
  ASSERT_THAT(Call(second), IsOk());
  EXPECT_EQ(server.peers()[0], server.peers()[1]);
}

TEST(ChannelsTest, AnUnsharedChannelHasAConnectionOfItsOwn) {
  MeteringServer server;
  const auto shared = ControlChannel(server.endpoint());
  const auto first = UnsharedChannel(server.endpoint());
  const auto second = UnsharedChannel(server.endpoint());
  for (const auto& channel : {shared, first, second}) ASSERT_THAT(Call(channel), IsOk());
  const std::vector<std::string> peers = server.peers();
  EXPECT_NE(peers[0], peers[1]);
  EXPECT_NE(peers[0], peers[2]);
  EXPECT_NE(peers[1], peers[2]);
}

TEST(ChannelsTest, EachMeasuredChannelHasAConnectionOfItsOwn) {
  MeteringServer server;
  const auto shared = ControlChannel(server.endpoint());
  ASSERT_THAT(Call(shared), IsOk());
  std::array<absl::StatusOr<MeasuredChannel>, 2> measured;
  std::vector<std::thread> connecting;
  for (auto& channel : measured) {
    connecting.emplace_back(
        [&] { channel = ConnectMeasured(server.endpoint(), kLong, "Bob's channel"); });
  }
  for (std::thread& thread : connecting) thread.join();
  for (auto& channel : measured) {
    ASSERT_THAT(channel, IsOk());
    ASSERT_THAT(Call(channel->channel), IsOk());
  }
  const std::vector<std::string> peers = server.peers();
  EXPECT_NE(peers[0], peers[1]);
  EXPECT_NE(peers[0], peers[2]);
  EXPECT_NE(peers[1], peers[2]);
}

// Both ends of the kernel tell of the same connection: what one has sent the other
// has received.
void ExpectBothEndsToAgree(MeteringServer& server, const Endpoint& dialled) {
  auto measured = ConnectMeasured(dialled, kLong, "Bob's channel");
  ASSERT_THAT(measured, IsOk());
  ASSERT_THAT(Call(measured->channel), IsOk());
  EXPECT_FALSE(measured->meter.Count(absl::ZeroDuration()).final());
  measured->channel.reset();
  const v1::TcpCount client = measured->meter.Count(kLong);
  EXPECT_TRUE(client.final());
  const v1::TcpCount accepted = server.LastCount();
  EXPECT_TRUE(accepted.final());
  EXPECT_EQ(client.sent_bytes(), accepted.received_bytes());
  EXPECT_LE(client.received_bytes(), accepted.sent_bytes());
  // The 24 bytes of an HTTP/2 preface and the path of the call are there at least.
  EXPECT_GT(client.sent_bytes(), 24 + int64_t{sizeof("/kvwire.v1.AlgorithmService/Describe")});
}

TEST(ChannelsTest, TheMeterIsOnTheConnectionOfItsChannel) {
  MeteringServer server;
  ExpectBothEndsToAgree(server, server.endpoint());
  ExpectBothEndsToAgree(server, server.endpoint());
}

TEST(ChannelsTest, MeasuresOverIpv6) {
  MeteringServer server("::1");
  ExpectBothEndsToAgree(server, server.endpoint());
  EXPECT_THAT(server.peers()[0], HasSubstr("ipv6:%5B::1%5D:"));
}

TEST(ChannelsTest, MeasuresIpv4OnAWildcardListener) {
  MeteringServer server("::");
  ExpectBothEndsToAgree(server, {"127.0.0.1", server.endpoint().port});
  EXPECT_THAT(server.peers()[0], HasSubstr("ipv4:127.0.0.1:"));
}

TEST(ChannelsTest, APortThatRefusesIsUnavailable) {
  const RefusingPort port;
  EXPECT_THAT(
      ConnectMeasured(port.endpoint(), absl::Milliseconds(200), "Bob's channel").status(),
      StatusIs(absl::StatusCode::kUnavailable,
               AllOf(HasSubstr("Bob's channel at " + port.endpoint().ToString()),
                     HasSubstr("cannot be reached within 200ms"))));
  const auto control = ControlChannel(port.endpoint());
  EXPECT_THAT(
      WaitConnected(*control, port.endpoint(), absl::Milliseconds(200), "the algorithm"),
      StatusIs(absl::StatusCode::kUnavailable,
               HasSubstr("the algorithm at " + port.endpoint().ToString())));
}

TEST(ChannelsTest, APeerThatNeverSpeaksIsUnavailable) {
  const PlainListener silent;
  EXPECT_THAT(
      ConnectMeasured({"127.0.0.1", silent.port()}, absl::Milliseconds(200), "Bob's channel")
          .status(),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("cannot be reached")));
}

TEST(ChannelsTest, TwoNewConnectionsToThePortCannotBeTold) {
  const PlainListener listener;
  std::thread server([&] {
    const Socket accepted = listener.Accept();
    const Socket second = ConnectTo(listener.port());
    const Socket second_accepted = listener.Accept();
    // An empty SETTINGS frame (RFC 7540, 6.5) makes the first one a connection of HTTP/2.
    accepted.Send(std::string("\0\0\0\4\0\0\0\0\0", 9));
    // Both stay open until the client has looked and gone.
    char byte;
    while (recv(accepted.get(), &byte, 1, 0) > 0) continue;
  });
  EXPECT_THAT(
      ConnectMeasured({"127.0.0.1", listener.port()}, absl::Seconds(1), "Bob's channel")
          .status(),
      StatusIs(absl::StatusCode::kUnavailable,
               AllOf(HasSubstr("2 new connections to port " + std::to_string(listener.port())),
                     HasSubstr("cannot be counted"))));
  server.join();
}

}  // namespace
}  // namespace kvwire
