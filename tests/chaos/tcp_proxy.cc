#include "tests/chaos/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "tests/chaos/relay.h"

namespace kvwire {

TcpProxy::TcpProxy(const Endpoint& upstream)
    : upstream_(upstream), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      listen(listener_, 128) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("no port for the proxy");
  }
  endpoint_ = {"127.0.0.1", ntohs(address.sin_port)};
  thread_ = std::thread([this] { Accept(); });
}

TcpProxy::~TcpProxy() {
  stopping_ = true;
  thread_.join();
  close(listener_);
}

void TcpProxy::Push(const Fault& fault) {
  const std::lock_guard lock(mutex_);
  faults_.push_back(fault);
}

void TcpProxy::OnMessage(std::function<void(int64_t)> on_message) {
  const std::lock_guard lock(mutex_);
  on_message_ = std::move(on_message);
}

Fault TcpProxy::NextFault() {
  const std::lock_guard lock(mutex_);
  if (faults_.empty()) return {};
  const Fault fault = faults_.front();
  faults_.pop_front();
  return fault;
}

void TcpProxy::NoteMessage(int64_t number) {
  std::function<void(int64_t)> on_message;
  {
    const std::lock_guard lock(mutex_);
    on_message = on_message_;
  }
  if (on_message != nullptr) on_message(number);
}

void TcpProxy::Accept() {
  while (!stopping_) {
    pollfd ready{listener_, POLLIN, 0};
    if (poll(&ready, 1, 20) > 0) {
      const int alice = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (alice < 0) continue;
      const int on = 1;
      setsockopt(alice, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      ++connections_;
      Connection& connection = relays_.emplace_back();
      connection.thread =
          std::thread([this, alice, &connection] { Serve(alice, connection); });
    }
    relays_.remove_if([](Connection& connection) {
      if (!connection.over) return false;
      connection.thread.join();
      return true;
    });
  }
  for (Connection& connection : relays_) connection.thread.join();
}

void TcpProxy::Serve(int alice, Connection& connection) {
  const int bob = ConnectLoopback(upstream_.port);
  if (bob < 0) {
    close(alice);
  } else {
    const Fault fault = NextFault();
    const bool counts = [&] {
      const std::lock_guard lock(mutex_);
      return on_message_ != nullptr;
    }();
    Relay relay(alice, bob, upstream_.port, fault,
                {.fired = [&] { ++fired_[static_cast<size_t>(fault.kind)]; },
                 .on_message = counts ? [this](int64_t number) { NoteMessage(number); }
                                      : std::function<void(int64_t)>(),
                 .stopping = stopping_});
    relay.Run();
  }
  connection.over = true;
}

}  // namespace kvwire
