// The copy that everything else is compared with.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/transfer/transfer_mode.h"

namespace kvwire::bench {
namespace {

constexpr size_t kCallBytes = size_t{1} << 20;

sockaddr_in AddressOf(const std::string& host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

absl::Status Failed(std::string_view what) {
  return absl::UnavailableError(absl::StrCat(std::string(what), ": ", std::strerror(errno)));
}

class TcpSender final : public Sender {
 public:
  explicit TcpSender(const Endpoint& receiver)
      : address_(AddressOf(receiver.host, receiver.port)) {}

  absl::StatusOr<Transfer> Send(std::string_view source) override {
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    absl::StatusOr<Transfer> transfer = SendOver(descriptor, source);
    close(descriptor);
    return transfer;
  }

 private:
  absl::StatusOr<Transfer> SendOver(int descriptor, std::string_view source) const {
    const auto* address = reinterpret_cast<const sockaddr*>(&address_);
    if (connect(descriptor, address, sizeof(address_)) != 0) return Failed("connect");
    const absl::Time start = absl::Now();
    while (!source.empty()) {
      const ssize_t sent =
          send(descriptor, source.data(), std::min(source.size(), kCallBytes), MSG_NOSIGNAL);
      if (sent <= 0) return Failed("send");
      source.remove_prefix(sent);
    }
    char done;
    if (recv(descriptor, &done, 1, 0) != 1) return Failed("the receiver's answer");
    return Transfer{.duration = absl::Now() - start};
  }

  const sockaddr_in address_;
};

class TcpReceiver final : public Receiver {
 public:
  TcpReceiver(const std::string& host, char* destination, int64_t bytes)
      : destination_(destination),
        bytes_(bytes),
        listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = AddressOf(host, 0);
    socklen_t length = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_, generic, length) == 0 && listen(listener_, 1) == 0 &&
        getsockname(listener_, generic, &length) == 0) {
      port_ = ntohs(address.sin_port);
    }
    thread_ = std::thread([this] { Serve(); });
  }
  ~TcpReceiver() override {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

  int port() const override { return port_; }

 private:
  void Serve() {
    for (int peer = accept(listener_, nullptr, nullptr); peer >= 0;
         peer = accept(listener_, nullptr, nullptr)) {
      int64_t have = 0;
      while (have < bytes_) {
        const size_t want = std::min<int64_t>(bytes_ - have, kCallBytes);
        const ssize_t got = recv(peer, destination_ + have, want, 0);
        if (got <= 0) break;
        have += got;
      }
      if (have == bytes_) send(peer, "", 1, MSG_NOSIGNAL);
      close(peer);
    }
  }

  char* const destination_;
  const int64_t bytes_;
  const int listener_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Sender> MakeTcpSender(const Endpoint& receiver) {
  return std::make_unique<TcpSender>(receiver);
}

std::unique_ptr<Receiver> MakeTcpReceiver(const std::string& host, char* destination,
                                          int64_t bytes) {
  return std::make_unique<TcpReceiver>(host, destination, bytes);
}

}  // namespace kvwire::bench
