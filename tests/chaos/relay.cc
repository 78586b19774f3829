#include "tests/chaos/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

namespace kvwire {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 16;

void SleepMs(int64_t milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

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
  if (fired_ && Slow(direction, to_bob, bytes)) return;
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

bool Relay::Strike(Direction& direction, bool to_bob, std::string bytes, size_t at) {
  const auto pass = [&](std::string_view some) {
    return to_bob ? PassToBob(some) : Send(alice_, some);
  };
  switch (fault_.kind) {
    case FaultKind::kFlipToBob:
    case FaultKind::kFlipToAlice:
    case FaultKind::kDropToBob:
    case FaultKind::kRepeatToBob:
    case FaultKind::kSwapToBob:
    case FaultKind::kInsertToBob:
    case FaultKind::kZeroToBob:
      Fired();
      return pass(Altered(std::move(bytes), at));
    case FaultKind::kPause:
      pass(std::string_view(bytes).substr(0, at));
      Fired();
      SleepMs(Draw(20, 200));
      return pass(std::string_view(bytes).substr(at));
    case FaultKind::kDelay:
    case FaultKind::kDribble:
    case FaultKind::kTinyPieces:
      pass(std::string_view(bytes).substr(0, at));
      Fired();
      return Slow(direction, to_bob, std::string_view(bytes).substr(at));
    default:
      pass(std::string_view(bytes).substr(0, at));
      Fired();
      return StrikeEnd(direction, to_bob);
  }
}

bool Relay::StrikeEnd(Direction& direction, bool to_bob) {
  switch (fault_.kind) {
    case FaultKind::kReset:
      CloseWithReset(alice_);
      CloseWithReset(bob_);
      return false;
    case FaultKind::kResetToAlice:
      CloseWithReset(alice_);
      SleepMs(Draw(1, 50));
      return false;
    case FaultKind::kResetToBob:
      CloseWithReset(bob_);
      SleepMs(Draw(1, 50));
      return false;
    case FaultKind::kHalfCloseToBob:
    case FaultKind::kHalfCloseToAlice:
      shutdown(to_bob ? bob_ : alice_, SHUT_WR);
      direction.open = false;
      return true;
    case FaultKind::kStall:
      silent_ = true;
      return true;
    case FaultKind::kLoseReply:
      deaf_to_bob_ = true;
      // Alice has sent all: the answer that she waits for does not come.
      return true;
    default:
      shutdown(alice_, SHUT_WR);
      shutdown(bob_, SHUT_WR);
      to_bob_.open = to_alice_.open = false;
      return false;
  }
}

// Passes bytes late or in small pieces; false if the fault is none of that sort.
bool Relay::Slow(Direction& /*direction*/, bool to_bob, std::string_view rest) {
  size_t piece = kPieceBytes;
  size_t slow = rest.size();
  if (fault_.kind == FaultKind::kDelay) {
    SleepMs(Draw(1, 5));
  } else if (fault_.kind == FaultKind::kDribble && to_bob) {
    piece = 1;
    slow = std::min<size_t>(slow, 200);
  } else if (fault_.kind == FaultKind::kTinyPieces) {
    piece = static_cast<size_t>(Draw(1, 7));
    slow = std::min<size_t>(slow, 2000);
  } else {
    return false;
  }
  while (!rest.empty()) {
    const size_t take = slow == 0 ? rest.size() : std::min(piece, rest.size());
    slow -= std::min(slow, take);
    if (!(to_bob ? PassToBob(rest.substr(0, take)) : Send(alice_, rest.substr(0, take))))
      break;
    rest.remove_prefix(take);
    if (fault_.kind == FaultKind::kDribble) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
  return true;
}

// `bytes` as they arrive, the first `at` of them whole.
std::string Relay::Altered(std::string bytes, size_t at) {
  const size_t left = bytes.size() - at;
  const auto size = static_cast<size_t>(Draw(1, std::min<int64_t>(100, left)));
  switch (fault_.kind) {
    case FaultKind::kDropToBob:
      return bytes.erase(at, size);
    case FaultKind::kRepeatToBob:
      return bytes.insert(at, bytes.substr(at, size));
    case FaultKind::kSwapToBob:
      std::rotate(bytes.begin() + at, bytes.begin() + at + size / 2 + (size == left ? 0 : 1),
                  bytes.begin() + at + size);
      return bytes;
    case FaultKind::kInsertToBob: {
      std::string noise(size, '\0');
      for (char& byte : noise) byte = static_cast<char>(random_());
      return bytes.insert(at, noise);
    }
    case FaultKind::kZeroToBob:
      return bytes.replace(at, size, size, '\0');
    default:
      bytes[at] =
          static_cast<char>(bytes[at] ^ (1 << (fault_.bit >= 0 ? fault_.bit : Draw(0, 7))));
      return bytes;
  }
}

void Relay::Replay() {
  const int again = ConnectLoopback(upstream_port_);
  if (again < 0) return;
  Fired();
  Send(again, record_);
  // Bob shall have time to make something of it.
  pollfd end{again, POLLIN, 0};
  for (int k = 0; k < 10 && poll(&end, 1, 20) > 0; ++k) {
    char bytes[4096];
    if (recv(again, bytes, sizeof(bytes), 0) <= 0) break;
  }
  close(again);
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
