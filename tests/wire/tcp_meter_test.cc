#include "common/wire/tcp_meter.h"

#include <fcntl.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/plain_tcp.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(60);

// A connection of this process with itself.
struct Pair {
  explicit Pair(const PlainListener& listener) : Pair(listener, ConnectTo(listener.port())) {}
  Pair(const PlainListener& listener, Socket connected)
      : client(std::move(connected)), server(listener.Accept()) {}

  Socket client;
  Socket server;
};

OpenSocket Found(const Socket& socket) {
  for (const OpenSocket& open : ListOpenSockets()) {
    if (open.descriptor == socket.get()) return open;
  }
  ADD_FAILURE() << "descriptor " << socket.get() << " is not listed";
  return {};
}

TcpMeter Metered(const Socket& socket) { return TcpMeter::Attach(Found(socket)).value(); }

void ExpectCount(const v1::TcpCount& count, int64_t sent, int64_t received, bool final) {
  EXPECT_EQ(count.sent_bytes(), sent);
  EXPECT_EQ(count.received_bytes(), received);
  EXPECT_EQ(count.retransmitted_bytes(), 0);
  EXPECT_EQ(count.final(), final);
}

class TcpMeterTest : public ::testing::Test {
 protected:
  PlainListener listener_;
};

TEST_F(TcpMeterTest, CountsBothDirectionsWhileTheConnectionIsOpen) {
  Pair pair(listener_);
  const TcpMeter client = Metered(pair.client);
  const TcpMeter server = Metered(pair.server);
  ExpectCount(client.Count(absl::ZeroDuration()), 0, 0, false);
  pair.client.Send(std::string(1000, 'a'));
  pair.server.Receive(1000);
  pair.server.Send(std::string(77, 'b'));
  pair.client.Receive(77);
  ExpectCount(client.Count(absl::ZeroDuration()), 1000, 77, false);
  ExpectCount(server.Count(absl::ZeroDuration()), 77, 1000, false);
}

TEST_F(TcpMeterTest, AClosedConnectionIsFinalAndItsEndIsNoByte) {
  Pair pair(listener_);
  const TcpMeter client = Metered(pair.client);
  const TcpMeter server = Metered(pair.server);
  pair.client.Send(std::string(1000, 'a'));
  pair.server.Receive(1000);
  pair.server.Send(std::string(77, 'b'));
  pair.client.Receive(77);
  pair.client.ShutDownAndClose();
  EXPECT_FALSE(client.Count(absl::ZeroDuration()).final());
  pair.server.ShutDownAndClose();
  ExpectCount(client.Count(kLong), 1000, 77, true);
  ExpectCount(server.Count(kLong), 77, 1000, true);
}

TEST_F(TcpMeterTest, AConnectionThatCarriedNothingCountsNothing) {
  Pair pair(listener_);
  const TcpMeter client = Metered(pair.client);
  const TcpMeter server = Metered(pair.server);
  pair.server.ShutDownAndClose();
  pair.client.ShutDownAndClose();
  ExpectCount(client.Count(kLong), 0, 0, true);
  ExpectCount(server.Count(kLong), 0, 0, true);
}

TEST_F(TcpMeterTest, CountsManySegmentsToTheByte) {
  constexpr size_t kBytes = (3 << 20) + 12345;
  Pair pair(listener_);
  const TcpMeter client = Metered(pair.client);
  const TcpMeter server = Metered(pair.server);
  std::thread reader([&] { pair.server.Receive(kBytes); });
  pair.client.Send(std::string(kBytes, 'x'));
  reader.join();
  pair.client.ShutDownAndClose();
  pair.server.ShutDownAndClose();
  // What loopback sends again it has also sent once: first transmissions are exact.
  EXPECT_EQ(client.Count(kLong).sent_bytes(), static_cast<int64_t>(kBytes));
  EXPECT_EQ(server.Count(kLong).received_bytes(), static_cast<int64_t>(kBytes));
}

TEST_F(TcpMeterTest, AMeterOfNothingCountsNothing) {
  ExpectCount(TcpMeter().Count(kLong), 0, 0, false);
}

TEST_F(TcpMeterTest, MovingTakesTheConnectionAlong) {
  Pair pair(listener_);
  TcpMeter first = Metered(pair.client);
  pair.client.Send("four");
  pair.server.Receive(4);
  TcpMeter second(std::move(first));
  EXPECT_EQ(second.Count(absl::ZeroDuration()).sent_bytes(), 4);
  TcpMeter third;
  third = std::move(second);
  EXPECT_EQ(third.Count(absl::ZeroDuration()).sent_bytes(), 4);
}

TEST_F(TcpMeterTest, AMeterThatIsGoneLetsTheConnectionEnd) {
  Pair pair(listener_);
  { const TcpMeter meter = Metered(pair.client); }
  pair.client.Close();
  char byte;
  EXPECT_EQ(recv(pair.server.get(), &byte, 1, 0), 0);
}

TEST_F(TcpMeterTest, ListsEstablishedConnectionsOnly) {
  const Socket datagrams(socket(AF_INET, SOCK_DGRAM, 0));
  const Socket unconnected(socket(AF_INET, SOCK_STREAM, 0));
  int both[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
  const Socket local(both[0]), remote(both[1]);
  Pair pair(listener_);
  Pair half_closed(listener_);
  shutdown(half_closed.client.get(), SHUT_WR);
  std::vector<int> listed;
  for (const OpenSocket& open : ListOpenSockets()) listed.push_back(open.descriptor);
  EXPECT_THAT(listed, ::testing::UnorderedElementsAre(pair.client.get(), pair.server.get()));
}

TEST_F(TcpMeterTest, TellsPortsPeerAndIdentityOfAConnection) {
  Pair pair(listener_);
  const OpenSocket client = Found(pair.client);
  const OpenSocket server = Found(pair.server);
  EXPECT_EQ(client.peer_port, listener_.port());
  EXPECT_EQ(server.local_port, listener_.port());
  EXPECT_EQ(client.local_port, server.peer_port);
  EXPECT_EQ(client.peer, "ipv4:127.0.0.1:" + std::to_string(listener_.port()));
  EXPECT_EQ(server.peer, "ipv4:127.0.0.1:" + std::to_string(client.local_port));
  EXPECT_NE(client.cookie, 0U);
  EXPECT_NE(client.cookie, server.cookie);
  const Socket duplicate(dup(pair.client.get()));
  EXPECT_EQ(Found(duplicate).cookie, client.cookie);
}

TEST_F(TcpMeterTest, AnIpv4PeerOfAnIpv6ListenerIsAnIpv4Peer) {
  const PlainListener both(AF_INET6, /*any=*/true);
  Pair pair(both);
  EXPECT_EQ(Found(pair.server).peer,
            "ipv4:127.0.0.1:" + std::to_string(Found(pair.client).local_port));
}

TEST_F(TcpMeterTest, AnIpv6PeerIsWrittenAsGrpcWritesIt) {
  const PlainListener six(AF_INET6);
  const Socket client = ConnectTo(six.port(), AF_INET6);
  const Socket server = six.Accept();
  EXPECT_EQ(Found(client).peer, "ipv6:%5B::1%5D:" + std::to_string(six.port()));
}

TEST_F(TcpMeterTest, FindsAnAcceptedConnectionByItsPeer) {
  Pair pair(listener_);
  Pair another(listener_);
  const std::string peer = Found(pair.server).peer;
  const auto meter = TcpMeter::AttachAccepted(peer, listener_.port()).value();
  pair.client.Send("12345");
  pair.server.Receive(5);
  another.client.Send("123");
  another.server.Receive(3);
  EXPECT_EQ(meter->Count(absl::ZeroDuration()).received_bytes(), 5);
  // The first meter's duplicate is the same connection, not a second one.
  const auto second = TcpMeter::AttachAccepted(peer, listener_.port());
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(*second, meter);
}

TEST_F(TcpMeterTest, TellsConnectionsFromOnePortByThePortTheyCameTo) {
  const PlainListener elsewhere;
  const Pair here(listener_, ConnectFrom(0, "127.0.0.1", listener_.port()));
  const int from = Found(here.client).local_port;
  const Pair there(elsewhere, ConnectFrom(from, "127.0.0.1", elsewhere.port()));
  const std::string peer = Found(here.server).peer;
  ASSERT_EQ(Found(there.server).peer, peer);
  const auto meter = TcpMeter::AttachAccepted(peer, elsewhere.port()).value();
  here.client.Send("123");
  here.server.Receive(3);
  there.client.Send("12345");
  there.server.Receive(5);
  EXPECT_EQ(meter->Count(absl::ZeroDuration()).received_bytes(), 5);
}

TEST_F(TcpMeterTest, DoesNotGuessAmongSeveralConnections) {
  const PlainListener everywhere(AF_INET6, /*any=*/true);
  const Pair first(everywhere, ConnectFrom(0, "127.0.0.1", everywhere.port()));
  const std::string peer = Found(first.server).peer;
  EXPECT_THAT(TcpMeter::AttachAccepted(peer, listener_.port()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("0 connections")));
  EXPECT_THAT(TcpMeter::AttachAccepted("", everywhere.port()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("0 connections")));
  EXPECT_THAT(TcpMeter::AttachAccepted(peer, everywhere.port()), IsOk());
  // The same peer and port, at another address of this machine.
  const int from = Found(first.client).local_port;
  const Pair second(everywhere, ConnectFrom(from, "127.0.0.2", everywhere.port()));
  EXPECT_THAT(TcpMeter::AttachAccepted(peer, everywhere.port()),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("2 connections"), HasSubstr(peer),
                             HasSubstr("cannot be told"))));
}

TEST_F(TcpMeterTest, RefusesADescriptorThatIsAnotherSocketByNow) {
  Pair pair(listener_);
  Pair another(listener_);
  const OpenSocket stale = Found(pair.client);
  ASSERT_EQ(dup2(another.client.get(), pair.client.get()), pair.client.get());
  EXPECT_THAT(TcpMeter::Attach(stale),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("closed before it could be metered")));
  pair.client.Close();
  EXPECT_THAT(TcpMeter::Attach(stale), StatusIs(absl::StatusCode::kUnavailable,
                                                HasSubstr("connection to " + stale.peer)));
}

}  // namespace
}  // namespace kvwire
