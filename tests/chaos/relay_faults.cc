// What a fault does to the bytes and to the sockets of a relay.

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "tests/chaos/relay.h"

namespace kvwire {
namespace {

void SleepMs(int64_t milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

}  // namespace

void Relay::Strike(Direction& direction, bool to_bob, std::string bytes, size_t at) {
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
      pass(Altered(std::move(bytes), at));
      return;
    case FaultKind::kPause:
      pass(std::string_view(bytes).substr(0, at));
      Fired();
      SleepMs(Draw(20, 200));
      pass(std::string_view(bytes).substr(at));
      return;
    case FaultKind::kDelay:
    case FaultKind::kDribble:
    case FaultKind::kTinyPieces:
      pass(std::string_view(bytes).substr(0, at));
      Fired();
      Slow(to_bob, std::string_view(bytes).substr(at));
      return;
    default:
      pass(std::string_view(bytes).substr(0, at));
      Fired();
      StrikeEnd(direction, to_bob);
  }
}

void Relay::StrikeEnd(Direction& direction, bool to_bob) {
  switch (fault_.kind) {
    case FaultKind::kReset:
      CloseWithReset(alice_);
      CloseWithReset(bob_);
      return;
    case FaultKind::kResetToAlice:
      CloseWithReset(alice_);
      SleepMs(Draw(1, 50));
      return;
    case FaultKind::kResetToBob:
      CloseWithReset(bob_);
      SleepMs(Draw(1, 50));
      return;
    case FaultKind::kHalfCloseToBob:
    case FaultKind::kHalfCloseToAlice:
      shutdown(to_bob ? bob_ : alice_, SHUT_WR);
      direction.open = false;
      return;
    case FaultKind::kStall:
      silent_ = true;
      return;
    case FaultKind::kLoseReply:
      deaf_to_bob_ = true;
      return;
    default:
      shutdown(alice_, SHUT_WR);
      shutdown(bob_, SHUT_WR);
      to_bob_.open = to_alice_.open = false;
  }
}

// Passes bytes late or in small pieces; false if the fault is none of that sort.
bool Relay::Slow(bool to_bob, std::string_view rest) {
  size_t piece = rest.size();
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

}  // namespace kvwire
