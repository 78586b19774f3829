// A TCP relay through which every byte takes a fixed time, for transfer_bench.py: the
// round trip as HTTP/2's flow control sees it, on kernels without netem. TCP itself does
// not see it.
//   delay_relay LISTEN_HOST TARGET_HOST TARGET_PORT ONE_WAY_MILLISECONDS
// Prints "listening PORT". Serves until stdin ends.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/wire/transport_tuning.h"

namespace {

constexpr size_t kBlockBytes = 256 << 10;
// More than 2 GB/s times any delay that is asked for: the relay itself never pushes back.
constexpr size_t kMostBytes = size_t{256} << 20;

// Bytes on their way; an empty block is the end.
class Pipe {
 public:
  explicit Pipe(absl::Duration delay) : delay_(delay) {}

  void Put(std::vector<char> block) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return bytes_ < kMostBytes; });
    bytes_ += block.size();
    blocks_.emplace_back(absl::Now() + delay_, std::move(block));
    changed_.notify_all();
  }

  std::vector<char> Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !blocks_.empty(); });
    auto [due, block] = std::move(blocks_.front());
    blocks_.pop_front();
    bytes_ -= block.size();
    changed_.notify_all();
    lock.unlock();
    absl::SleepFor(due - absl::Now());
    return block;
  }

 private:
  const absl::Duration delay_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<absl::Time, std::vector<char>>> blocks_;
  size_t bytes_ = 0;
};

void ReadInto(Pipe& pipe, int from) {
  while (true) {
    std::vector<char> block(kBlockBytes);
    const ssize_t got = recv(from, block.data(), block.size(), 0);
    block.resize(got > 0 ? got : 0);
    pipe.Put(std::move(block));
    if (got <= 0) return;
  }
}

void WriteFrom(Pipe& pipe, int to) {
  for (std::vector<char> block = pipe.Take(); !block.empty(); block = pipe.Take()) {
    size_t done = 0;
    while (done < block.size()) {
      const ssize_t sent = send(to, block.data() + done, block.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) return;
      done += sent;
    }
  }
  shutdown(to, SHUT_WR);
}

void Relay(int client, int server, absl::Duration delay) {
  Pipe forward(delay);
  Pipe backward(delay);
  std::thread threads[] = {std::thread([&] { ReadInto(forward, client); }),
                           std::thread([&] { WriteFrom(forward, server); }),
                           std::thread([&] { ReadInto(backward, server); }),
                           std::thread([&] { WriteFrom(backward, client); })};
  for (std::thread& thread : threads) thread.join();
  close(client);
  close(server);
}

int Connect(const sockaddr_in& address) {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (connect(descriptor, generic, sizeof(address)) != 0) std::exit(1);
  return descriptor;
}

void Accept(int listener, const sockaddr_in& target, absl::Duration delay) {
  while (true) {
    const int client = accept(listener, nullptr, nullptr);
    if (client < 0) return;
    const int server = Connect(target);
    const int one = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    std::thread(Relay, client, server, delay).detach();
  }
}

sockaddr_in AddressOf(const char* host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: delay_relay LISTEN_HOST TARGET_HOST TARGET_PORT MILLISECONDS\n";
    return 2;
  }
  kvwire::TuneProcess();
  sockaddr_in own = AddressOf(argv[1], 0);
  socklen_t length = sizeof(own);
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  auto* generic = reinterpret_cast<sockaddr*>(&own);
  if (bind(listener, generic, length) != 0 || listen(listener, 8) != 0 ||
      getsockname(listener, generic, &length) != 0) {
    return 1;
  }
  std::cout << "listening " << ntohs(own.sin_port) << std::endl;
  const sockaddr_in target = AddressOf(argv[2], std::atoi(argv[3]));
  const absl::Duration delay = absl::Milliseconds(std::atof(argv[4]));
  std::thread(Accept, listener, target, delay).detach();
  std::cin.get();
  std::_Exit(0);
}
