#ifndef KVWIRE_TESTS_CHAOS_RELAY_H_
#define KVWIRE_TESTS_CHAOS_RELAY_H_

// One connection through the proxy: two sockets, what passes between them, and the fault
// that strikes. One thread's.

#include <atomic>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>

#include "tests/chaos/fault.h"
#include "tests/chaos/message_counter.h"

namespace kvwire {

// A socket connected to a loopback port, or -1.
int ConnectLoopback(int port);

class Relay {
 public:
  struct Hooks {
    std::function<void()> fired;
    std::function<void(int64_t)> on_message;
    const std::atomic<bool>& stopping;
  };

  // Takes both sockets. `upstream_port` is for a second connection to Bob.
  Relay(int alice, int bob, int upstream_port, const Fault& fault, Hooks hooks);
  ~Relay();

  // Passes bytes until the connection is over.
  void Run();

 private:
  struct Direction {
    int from;
    int to;
    int64_t passed = 0;
    bool open = true;  // `from` has more to say, and `to` shall hear it
  };

  void Pump(Direction& direction, bool to_bob);
  bool Send(int to, std::string_view bytes);
  // Passes bytes to Bob, stopping where messages end.
  bool PassToBob(std::string_view bytes);
  // Passes bytes on, the first `at` of them before the fault strikes.
  void Strike(Direction& direction, bool to_bob, std::string bytes, size_t at);
  void StrikeEnd(Direction& direction, bool to_bob);
  bool Slow(bool to_bob, std::string_view rest);
  std::string Altered(std::string bytes, size_t at);
  void Replay();
  void Fired();
  void CloseWithReset(int& socket);
  int64_t Draw(int64_t least, int64_t most);
  bool StrikesToBob() const;

  int alice_;
  int bob_;
  const int upstream_port_;
  const Fault fault_;
  const Hooks hooks_;
  std::mt19937_64 random_;
  MessageCounter counter_;
  bool fired_ = false;
  bool silent_ = false;       // nothing passes any more
  bool deaf_to_bob_ = false;  // what Bob says is lost
  int twin_ = -1;             // a second connection to Bob
  std::string record_;        // what Alice has sent
  Direction to_bob_{};
  Direction to_alice_{};
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CHAOS_RELAY_H_
