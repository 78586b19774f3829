#include "tests/chaos/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace kvwire {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 16;

}  // namespace

int ConnectLoopback(int port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    close(descriptor);
    return -1;
  }
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return descriptor;
}

Relay::Relay(int alice, int bob, int upstream_port, const Fault& fault, Hooks hooks)
    : alice_(alice),
      bob_(bob),
      upstream_port_(upstream_port),
      fault_(fault),
      hooks_(std::move(hooks)),
      random_(fault.seed),
      to_bob_{alice, bob},
      to_alice_{bob, alice} {
  if (fault_.kind == FaultKind::kDuplicate) twin_ = ConnectLoopback(upstream_port);
}

Relay::~Relay() {
  for (const int descriptor : {alice_, bob_, twin_}) {
    if (descriptor >= 0) close(descriptor);
  }
}

bool Relay::StrikesToBob() const {
  return fault_.kind != FaultKind::kFlipToAlice && fault_.kind != FaultKind::kHalfCloseToAlice;
}

void Relay::Run() {
  if (fault_.kind == FaultKind::kRefuse) {
    Fired();
    CloseWithReset(alice_);
    return;
  }
  while ((to_bob_.open || to_alice_.open) && alice_ >= 0 && bob_ >= 0 && !hooks_.stopping) {
    const auto events = [&](const Direction& direction) -> short {
      if (silent_) return POLLRDHUP;
      return direction.open ? POLLIN : 0;
    };
    pollfd ends[2] = {{alice_, events(to_bob_), 0}, {bob_, events(to_alice_), 0}};
    poll(ends, 2, 20);
    if (silent_) {
      // The peers must find out by themselves; one that has gone is enough.
      if (((ends[0].revents | ends[1].revents) & (POLLERR | POLLHUP | POLLRDHUP)) != 0) break;
      continue;
    }
    if ((ends[0].revents & (POLLIN | POLLERR | POLLHUP)) != 0 && to_bob_.open) {
      Pump(to_bob_, /*to_bob=*/true);
    }
    if (alice_ >= 0 && bob_ >= 0 && to_alice_.open &&
        (ends[1].revents & (POLLIN | POLLERR | POLLHUP)) != 0) {
      Pump(to_alice_, /*to_bob=*/false);
    }
  }
  if (fault_.kind == FaultKind::kReplay) Replay();
}

void Relay::Pump(Direction& direction, bool to_bob) {
  std::string bytes(kPieceBytes, '\0');
  const ssize_t got = recv(direction.from, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) {  // reset: pass it on
    CloseWithReset(alice_);
    CloseWithReset(bob_);
    return;
  }
  if (got == 0) {
    direction.open = false;
    shutdown(direction.to, SHUT_WR);
    return;
  }
  bytes.resize(got);
  if (to_bob && (fault_.kind == FaultKind::kReplay || twin_ >= 0)) {
    record_ += bytes;
    if (twin_ >= 0) {
      if (!fired_) Fired();
      Send(twin_, bytes);
    }
  }
  const int64_t at = fault_.after_bytes - direction.passed;
  direction.passed += got;
  if (!fired_ && to_bob == StrikesToBob() && at < got && fault_.kind != FaultKind::kNone &&
      fault_.kind != FaultKind::kReplay && fault_.kind != FaultKind::kDuplicate) {
    Strike(direction, to_bob, std::move(bytes), std::max<int64_t>(0, at));
    return;
  }
  if (!to_bob && deaf_to_bob_) return;
  if (fired_ && Slow(to_bob, bytes)) return;
  if (to_bob) {
    PassToBob(bytes);
  } else {
    Send(alice_, bytes);
  }
}

bool Relay::Send(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(sent);
  }
  return true;
}

bool Relay::PassToBob(std::string_view bytes) {
  if (hooks_.on_message == nullptr) return Send(bob_, bytes);
  while (!bytes.empty()) {
    const MessageCounter::Step step = counter_.Next(bytes);
    if (!Send(bob_, bytes.substr(0, step.bytes))) return false;
    bytes.remove_prefix(step.bytes);
    if (step.ends_message) hooks_.on_message(counter_.messages());
  }
  return true;
}

void Relay::Fired() {
  fired_ = true;
  hooks_.fired();
}

void Relay::CloseWithReset(int& descriptor) {
  if (descriptor < 0) return;
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  close(descriptor);
  descriptor = -1;
}

int64_t Relay::Draw(int64_t least, int64_t most) {
  return std::uniform_int_distribution<int64_t>(least, std::max(least, most))(random_);
}

}  // namespace kvwire
