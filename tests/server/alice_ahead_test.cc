// How far Alice runs ahead of what Bob says that he has, which is what a cut costs.

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "absl/cleanup/cleanup.h"
#include "absl/time/clock.h"
#include "common/wire/channel_pace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/chaos/tcp_proxy.h"
#include "tests/server/bob_calls.h"
#include "tests/server/fake_channel.h"
#include "tests/server/sending.h"
#include "tests/server/spool_directory.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/plain_tcp.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

// What is sent again if Bob's disk stands still at the chunk `at` of 64 MiB, until the
// connection is cut for it.
int64_t ResentAfterAStall(int at) {
  const std::string directory = MakeSpoolDirectory();
  const absl::Cleanup remove = [&] { std::filesystem::remove_all(directory); };
  std::atomic<int64_t> connections = 1;
  std::atomic<int> writes = 0;
  const SpoolFault stand_still = [&](SpoolCall call) {
    // The opening and the connection are written before the chunks.
    if (call != SpoolCall::kWrite || ++writes != at + 2) return 0;
    while (connections < 2) absl::SleepFor(absl::Milliseconds(1));
    return 0;
  };
  TestBob bob(int64_t{1} << 30, *Spool::Open(directory, stand_still));
  TcpProxy proxy(bob.server.endpoint());
  Sending sending(proxy.endpoint());
  sending.data = std::string(size_t{64} << 20, 'x');
  sending.options.chunk_bytes = 0;
  sending.options.patience = absl::Seconds(1);
  std::thread watch([&] {
    while (connections < 2) {
      absl::SleepFor(absl::Milliseconds(1));
      connections = proxy.connections();
    }
  });
  const auto sent = sending.Run();
  connections = 2;
  watch.join();
  EXPECT_THAT(sent.status(), IsOk());
  if (!sent.ok()) return -1;
  EXPECT_EQ(sent->ledger.connections_size(), 2);
  EXPECT_EQ(sent->sha256, Sha256Of(sending.data));
  return sent->ledger.resent_bytes();
}

TEST(AliceAheadTest, ACutCostsNoMoreThanAliceMayBeAheadOfBobsDisk) {
  constexpr int64_t kFirstWindowBytes = int64_t{4} << 20;
  for (const int chunk : {2, 5, 12}) {
    const int64_t resent = ResentAfterAStall(chunk);
    EXPECT_GE(resent, kFirstWindowBytes) << chunk;
    EXPECT_LE(resent, kMostResentBytes) << chunk;
  }
}

// Whatever the network and gRPC would hold.
TEST(AliceAheadTest, SheStopsAheadOfABobWhoDoesNotSayWhatHeHas) {
  FakeChannel bob;
  std::atomic<int64_t> taken = 0;
  bob.send = [&](auto&, FakeChannel::Stream& stream, auto&) {
    int64_t bytes = 0;
    v1::SendRequest chunk;
    while (stream.Read(&chunk)) bytes += static_cast<int64_t>(chunk.data().size());
    taken = std::max(taken.load(), bytes);
    return grpc::Status(grpc::StatusCode::ABORTED, "no more came");
  };
  {
    LoopbackServer server({&bob});
    Sending sending(server.endpoint());
    sending.data = std::string(size_t{64} << 20, 'x');
    sending.options.chunk_bytes = 0;
    sending.options.patience = absl::Milliseconds(500);
    EXPECT_THAT(sending.Run(), StatusIs(Code::kUnavailable, HasSubstr("stood still")));
  }
  EXPECT_EQ(taken, kMostResentBytes);
}

// A frame of HTTP/2.
std::string Frame(char type, char flags, char stream, const std::string& payload) {
  std::string frame = {0, 0, static_cast<char>(payload.size()), type, flags, 0, 0, 0, stream};
  return frame + payload;
}

// Speaks HTTP/2 by hand: takes what Alice may be ahead by, and then ends the stream without
// the trailers that gRPC has there.
void EndWithoutStatus(std::optional<PlainListener>& listener) {
  const std::string largest = "\x7f\xff\xff\xff";
  const std::string more = std::string("\x7f\xfe\xff\xff", 4);
  const std::string header(
      "\x88\x0f\x10\x10"
      "application/grpc");  // status 200, content type
  const Socket alice = listener->Accept();
  listener.reset();                                                // no second connection
  alice.Send(Frame(4, 0, 0, std::string("\0\x04", 2) + largest));  // SETTINGS: the window
  alice.Send(Frame(8, 0, 0, more));                                // WINDOW_UPDATE
  alice.Receive(kMostAheadBytes);
  alice.Send(Frame(1, 4, 1, header) + Frame(0, 1, 1, ""));
  char rest[1 << 16];
  while (recv(alice.get(), rest, sizeof(rest), 0) > 0) continue;
}

TEST(AliceAheadTest, AStreamThatBobEndsWithoutAStatusIsGivenUp) {
  std::optional<PlainListener> listener(std::in_place);
  const Endpoint endpoint{"127.0.0.1", listener->port()};
  std::thread bob([&] { EndWithoutStatus(listener); });
  Sending sending(endpoint);
  sending.data = std::string(size_t{64} << 20, 'x');
  sending.options.chunk_bytes = 0;
  sending.options.patience = absl::Milliseconds(500);
  EXPECT_THAT(sending.Run(), StatusIs(Code::kUnavailable, ::testing::_));
  bob.join();
}

TEST(AliceAheadTest, ABobWhoSaysItOverAndOverIsNotListenedToForEver) {
  FakeChannel bob;
  bob.send = [&](auto&, FakeChannel::Stream& stream, v1::SendResponse& response) {
    v1::SendRequest chunk;
    while (stream.Read(&chunk)) continue;
    response.set_committed_size(3000);
    while (stream.Write(response)) continue;
    return grpc::Status::OK;
  };
  LoopbackServer server({&bob});
  Sending sending(server.endpoint());
  EXPECT_THAT(sending.Run(), StatusIs(Code::kDataLoss, HasSubstr("31 answers to 30 chunks")));
}

TEST(AliceAheadTest, ABobWhoSaysHeHasWhatWasNotSentIsFoundOut) {
  FakeChannel bob;
  bob.send = [&](auto&, FakeChannel::Stream& stream, v1::SendResponse& response) {
    v1::SendRequest chunk;
    stream.Read(&chunk);
    response.set_committed_size(int64_t{64} << 20);
    stream.Write(response);
    while (stream.Read(&chunk)) continue;
    return grpc::Status::OK;
  };
  LoopbackServer server({&bob});
  Sending sending(server.endpoint());
  sending.data = std::string(size_t{64} << 20, 'x');
  sending.options.chunk_bytes = 0;
  EXPECT_THAT(sending.Run(), StatusIs(Code::kDataLoss, HasSubstr("committed 67108864 bytes")));
}

}  // namespace
}  // namespace kvwire
