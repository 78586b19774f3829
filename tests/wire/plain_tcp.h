#ifndef KVWIRE_TESTS_WIRE_PLAIN_TCP_H_
#define KVWIRE_TESTS_WIRE_PLAIN_TCP_H_

// TCP connections that the tests make with system calls alone, so that every byte on
// them is known.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace kvwire {

// A descriptor that is closed at the end.
class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {
    if (descriptor < 0) throw std::runtime_error(std::strerror(errno));
  }
  ~Socket() { Close(); }
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&&) = delete;

  int get() const { return descriptor_; }
  void Close() {
    if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
  }
  // As gRPC ends a connection: shut down, then closed.
  void ShutDownAndClose() {
    shutdown(descriptor_, SHUT_RDWR);
    Close();
  }

  void Send(const std::string& bytes) const {
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t sent =
          send(descriptor_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error(std::strerror(errno));
      done += static_cast<size_t>(sent);
    }
  }
  // Reads exactly `size` bytes.
  std::string Receive(size_t size) const {
    std::string bytes(size, '\0');
    for (size_t done = 0; done < size;) {
      const ssize_t got = recv(descriptor_, bytes.data() + done, size - done, 0);
      if (got <= 0) throw std::runtime_error("the connection ended early");
      done += static_cast<size_t>(got);
    }
    return bytes;
  }

 private:
  int descriptor_;
};

// Listens on the loopback address of `family`; AF_INET6 takes IPv4 too where `any` is
// set, as the listeners of gRPC do.
class PlainListener {
 public:
  explicit PlainListener(int family = AF_INET, bool any = false)
      : socket_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage storage{};
    socklen_t length = sizeof(storage);
    storage.ss_family = static_cast<sa_family_t>(family);
    if (family == AF_INET) {
      auto& address = reinterpret_cast<sockaddr_in&>(storage);
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      length = sizeof(address);
    } else {
      auto& address = reinterpret_cast<sockaddr_in6&>(storage);
      address.sin6_addr = any ? in6addr_any : in6addr_loopback;
      const int only = any ? 0 : 1;
      setsockopt(socket_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
      length = sizeof(address);
    }
    if (bind(socket_.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0 ||
        listen(socket_.get(), 16) != 0) {
      throw std::runtime_error(std::strerror(errno));
    }
  }

  int port() const {
    sockaddr_storage storage{};
    socklen_t length = sizeof(storage);
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &length);
    // The port stands at the same place in both families.
    return ntohs(reinterpret_cast<sockaddr_in&>(storage).sin_port);
  }
  Socket Accept() const {
    return Socket(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  Socket socket_;
};

// Connects to a port of this machine over IPv4, or IPv6 if asked.
inline Socket ConnectTo(int port, int family = AF_INET) {
  Socket socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_in);
  storage.ss_family = static_cast<sa_family_t>(family);
  reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(static_cast<uint16_t>(port));
  if (family == AF_INET) {
    reinterpret_cast<sockaddr_in&>(storage).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    reinterpret_cast<sockaddr_in6&>(storage).sin6_addr = in6addr_loopback;
    length = sizeof(sockaddr_in6);
  }
  if (connect(socket.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0) {
    throw std::runtime_error(std::strerror(errno));
  }
  return socket;
}

// Connects from port `from` of 127.0.0.1 to a loopback address; 0: from a port that the
// system picks. Other connections that are made so may start from it too.
inline Socket ConnectFrom(int from, const std::string& host, int port) {
  Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int shared = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &shared, sizeof(shared));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(from));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  if (bind(socket.get(), name, sizeof(address)) != 0) {
    throw std::runtime_error(std::strerror(errno));
  }
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  if (connect(socket.get(), name, sizeof(address)) != 0) {
    throw std::runtime_error(std::strerror(errno));
  }
  return socket;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_WIRE_PLAIN_TCP_H_
