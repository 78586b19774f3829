#ifndef KVWIRE_TESTS_CHAOS_TCP_PROXY_H_
#define KVWIRE_TESTS_CHAOS_TCP_PROXY_H_

// A TCP proxy before Bob's channel that does to connections what networks do. Thread-safe.

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "common/wire/endpoint.h"
#include "tests/chaos/fault.h"

namespace kvwire {

class TcpProxy {
 public:
  // Listens on a loopback port and connects to `upstream`, anew for each connection.
  explicit TcpProxy(const Endpoint& upstream);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  const Endpoint& endpoint() const { return endpoint_; }

  // What shall happen to the next connection that has no fault yet.
  void Push(const Fault& fault);
  // How often faults of a kind have struck.
  int64_t fired(FaultKind kind) const { return fired_[static_cast<size_t>(kind)]; }
  int64_t connections() const { return connections_; }

  // Called after each message of a stream that has wholly passed to Bob, with its number,
  // from 1, in its connection; what follows waits until the call returns.
  void OnMessage(std::function<void(int64_t)> on_message);

 private:
  struct Connection {
    std::thread thread;
    std::atomic<bool> over = false;
  };

  void Accept();
  void Serve(int alice, Connection& connection);
  Fault NextFault();
  void NoteMessage(int64_t number);

  const Endpoint upstream_;
  Endpoint endpoint_;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  std::array<std::atomic<int64_t>, kFaultKinds + 1> fired_{};
  std::atomic<int64_t> connections_ = 0;
  std::mutex mutex_;
  std::deque<Fault> faults_;
  std::function<void(int64_t)> on_message_;
  std::list<Connection> relays_;  // the accepting thread's
  std::thread thread_;
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CHAOS_TCP_PROXY_H_
