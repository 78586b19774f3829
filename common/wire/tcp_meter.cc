#include "common/wire/tcp_meter.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace kvwire {
namespace {

// linux/tcp.h, which has the byte counters, cannot be included together with
// netinet/tcp.h, which has the state names.
constexpr int kEstablished = 1;
constexpr int kClosed = 7;

bool ReadTcpInfo(int descriptor, tcp_info& info) {
  std::memset(&info, 0, sizeof(info));
  socklen_t length = sizeof(info);
  return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
         length >= offsetof(tcp_info, tcpi_bytes_retrans) + sizeof(info.tcpi_bytes_retrans);
}

// gRPC's spelling of an address; empty if it is neither IPv4 nor IPv6.
std::string PeerName(const sockaddr_storage& storage, int& port) {
  char text[INET6_ADDRSTRLEN];
  if (storage.ss_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in&>(storage);
    port = ntohs(address.sin_port);
    inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
    return absl::StrCat("ipv4:", text, ":", port);
  }
  if (storage.ss_family != AF_INET6) return "";
  const auto& address = reinterpret_cast<const sockaddr_in6&>(storage);
  port = ntohs(address.sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
    inet_ntop(AF_INET, &address.sin6_addr.s6_addr[12], text, sizeof(text));
    return absl::StrCat("ipv4:", text, ":", port);
  }
  inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof(text));
  return absl::StrCat("ipv6:%5B", text, "%5D:", port);
}

bool DescribeSocket(int descriptor, OpenSocket& out) {
  sockaddr_storage address;
  socklen_t length = sizeof(address);
  if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return false;
  out.peer = PeerName(address, out.peer_port);
  length = sizeof(address);
  if (out.peer.empty() ||
      getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return false;
  }
  PeerName(address, out.local_port);
  length = sizeof(out.cookie);
  if (getsockopt(descriptor, SOL_SOCKET, SO_COOKIE, &out.cookie, &length) != 0) return false;
  tcp_info info;
  if (!ReadTcpInfo(descriptor, info) || info.tcpi_state != kEstablished) return false;
  out.descriptor = descriptor;
  return true;
}

}  // namespace

std::vector<OpenSocket> ListOpenSockets() {
  std::vector<OpenSocket> sockets;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc/self/fd"), closedir);
  if (directory == nullptr) return sockets;
  while (const dirent* entry = readdir(directory.get())) {
    int descriptor;
    OpenSocket socket;
    if (absl::SimpleAtoi(entry->d_name, &descriptor) && DescribeSocket(descriptor, socket)) {
      sockets.push_back(std::move(socket));
    }
  }
  return sockets;
}

TcpMeter::~TcpMeter() {
  if (descriptor_ >= 0) close(descriptor_);
}

TcpMeter::TcpMeter(TcpMeter&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

TcpMeter& TcpMeter::operator=(TcpMeter&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

absl::StatusOr<TcpMeter> TcpMeter::Attach(const OpenSocket& socket) {
  TcpMeter meter(fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 0));
  OpenSocket found;
  if (meter.descriptor_ < 0 || !DescribeSocket(meter.descriptor_, found) ||
      found.cookie != socket.cookie) {
    return absl::UnavailableError(
        absl::StrCat("the connection to ", socket.peer,
                     " closed before it could be metered, or "
                     "the kernel does not count its bytes (Linux 4.19 does)"));
  }
  return meter;
}

absl::StatusOr<std::shared_ptr<const TcpMeter>> TcpMeter::AttachAccepted(std::string_view peer,
                                                                         int port) {
  std::vector<OpenSocket> sockets = ListOpenSockets();
  // A duplicate that another meter holds shows up here too, with the same cookie.
  std::sort(sockets.begin(), sockets.end(),
            [](const auto& a, const auto& b) { return a.cookie < b.cookie; });
  sockets.erase(std::unique(sockets.begin(), sockets.end(),
                            [](const auto& a, const auto& b) { return a.cookie == b.cookie; }),
                sockets.end());
  const auto is_it = [&](const OpenSocket& socket) {
    return socket.peer == peer && socket.local_port == port;
  };
  const auto count = std::count_if(sockets.begin(), sockets.end(), is_it);
  if (count != 1) {
    return absl::UnavailableError(absl::StrCat(count, " connections of this process to port ",
                                               port, " have the peer ", std::string(peer),
                                               ", so the bytes of this one cannot be told"));
  }
  return Shared(*std::find_if(sockets.begin(), sockets.end(), is_it));
}

absl::StatusOr<std::shared_ptr<const TcpMeter>> TcpMeter::Shared(const OpenSocket& socket) {
  static std::mutex mutex;
  static auto& meters = *new std::map<uint64_t, std::weak_ptr<const TcpMeter>>;  // by cookie
  const std::lock_guard lock(mutex);
  std::erase_if(meters, [](const auto& entry) { return entry.second.expired(); });
  if (auto meter = meters[socket.cookie].lock()) return meter;
  absl::StatusOr<TcpMeter> meter = Attach(socket);
  if (!meter.ok()) return meter.status();
  auto shared = std::make_shared<const TcpMeter>(*std::move(meter));
  meters[socket.cookie] = shared;
  return shared;
}

v1::TcpCount TcpMeter::Count(absl::Duration limit) const {
  v1::TcpCount count;
  tcp_info info;
  if (descriptor_ < 0 || !ReadTcpInfo(descriptor_, info)) return count;
  // The kernel tells nobody when the last acknowledgement is in; it takes about
  // one round trip after the shutdown.
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(limit);
  absl::Duration pause = absl::Microseconds(50);
  while (info.tcpi_state != kClosed && std::chrono::steady_clock::now() < deadline) {
    absl::SleepFor(pause);
    pause = std::min(2 * pause, absl::Milliseconds(10));
    ReadTcpInfo(descriptor_, info);
  }
  count.set_final(info.tcpi_state == kClosed);
  count.set_sent_bytes(static_cast<int64_t>(info.tcpi_bytes_sent - info.tcpi_bytes_retrans));
  count.set_retransmitted_bytes(static_cast<int64_t>(info.tcpi_bytes_retrans));
  const int64_t fin = count.final() ? 1 : 0;
  count.set_received_bytes(
      std::max<int64_t>(0, static_cast<int64_t>(info.tcpi_bytes_received) - fin));
  return count;
}

v1::TcpCount TcpMeter::CountWhole(absl::Duration limit) const {
  v1::TcpCount count = Count(limit);
  tcp_info info;
  // What is in the sequence and not acknowledged: none, but for the FIN or a last frame where
  // a frame of the peer's ended the connection before it knew.
  int unacknowledged = 0;
  if (!count.final() || !ReadTcpInfo(descriptor_, info) ||
      ioctl(descriptor_, SIOCOUTQ, &unacknowledged) != 0) {
    return count;
  }
  constexpr int64_t kSynAndFin = 2;  // each is a byte of the sequence
  count.set_sent_bytes(static_cast<int64_t>(info.tcpi_bytes_acked) + unacknowledged -
                       kSynAndFin);
  return count;
}

bool TcpMeter::Connected() const {
  tcp_info info;
  return descriptor_ >= 0 && ReadTcpInfo(descriptor_, info) && info.tcpi_state == kEstablished;
}

int64_t TcpMeter::MovedBytes() const {
  tcp_info info;
  if (descriptor_ < 0 || !ReadTcpInfo(descriptor_, info)) return 0;
  return static_cast<int64_t>(info.tcpi_bytes_acked + info.tcpi_bytes_received);
}

}  // namespace kvwire
