#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "tests/chaos/parties.h"
#include "tests/chaos/rounds.h"
#include "tests/chaos/tcp_proxy.h"
#include "tests/chaos/workload.h"

namespace kvwire {
namespace {

using std::chrono::milliseconds;

constexpr int kWorkers = 3;
constexpr int64_t kChunkBytes = 64;
// Chunks of the message, about.
constexpr int kBoundaries = 44;
constexpr absl::Duration kPatience = absl::Seconds(20);

// Holds a connection where a given number of chunks has passed, until the kill is done.
class Gate {
 public:
  void Arm(int64_t boundary) {
    const std::lock_guard lock(mutex_);
    boundary_ = boundary;
    held_ = false;
  }
  // Called by the proxy.
  void Pass(int64_t messages) {
    std::unique_lock lock(mutex_);
    if (boundary_ == 0 || messages < boundary_) return;
    boundary_ = 0;
    held_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, milliseconds(2000), [this] { return !held_; });
  }
  // Whether a connection came there within a second.
  bool WaitHeld() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, milliseconds(1000), [this] { return held_; });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    boundary_ = 0;
    held_ = false;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t boundary_ = 0;
  bool held_ = false;
};

struct Kills {
  std::array<int64_t, kParties> at_boundaries{};
  std::array<int64_t, kParties> at_random{};
};

// One kill, at a chunk boundary or at a random moment, and the restart.
absl::Status KillOne(Parties& parties, Gate& gate, Party victim, bool at_boundary,
                     int64_t number, std::mt19937_64& random, Kills& kills) {
  bool held = false;
  if (at_boundary) {
    gate.Arm(1 + number % kBoundaries);
    held = gate.WaitHeld();
  } else {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 30000));
  }
  parties.Kill(victim);
  const absl::Status restarted = parties.Restart(victim);
  gate.Open();
  ++(held ? kills.at_boundaries : kills.at_random)[static_cast<size_t>(victim)];
  return restarted;
}

// Lets runs go on: after each kill one of them is to come to its end.
void WaitForRun(const Tally& tally, int64_t before) {
  for (int k = 0; k < 5000 && tally.exact() + tally.bad() == before; ++k) {
    std::this_thread::sleep_for(milliseconds(1));
  }
}

}  // namespace

bool KillRound(const RoundOptions& options) {
  auto parties = Parties::Start(kChunkBytes);
  if (!parties.ok()) return std::cout << parties.status() << std::endl, false;
  const auto request = SmallRun(16);
  if (!request.ok()) return std::cout << request.status() << std::endl, false;
  Gate gate;
  TcpProxy proxy((*parties)->bobs_channel());
  proxy.OnMessage([&](int64_t messages) { gate.Pass(messages); });
  Tally tally;
  std::atomic<bool> over = false;
  std::vector<std::thread> workers;
  for (int k = 0; k < kWorkers; ++k) {
    workers.emplace_back([&] {
      Services services = (*parties)->Where(proxy.endpoint(), kPatience);
      while (!over) MakeRun(services, *request, {"kill"}, tally);
    });
  }
  const absl::Time start = absl::Now();
  std::mt19937_64 random(options.seed);
  Kills kills;
  int64_t done = 0;
  absl::Status status;
  for (; done < options.count && status.ok() && absl::Now() - start < options.limit; ++done) {
    const int64_t before = tally.exact() + tally.bad();
    const auto victim = static_cast<Party>(done % kParties);
    status = KillOne(**parties, gate, victim, (done / kParties) % 2 == 0,
                     done / (2 * kParties), random, kills);
    WaitForRun(tally, before);
  }
  over = true;
  for (std::thread& worker : workers) worker.join();
  std::cout << absl::StrFormat("%d kills in %.1f s\n", done,
                               absl::ToDoubleSeconds(absl::Now() - start));
  for (int k = 0; k < kParties; ++k) {
    std::cout << absl::StrFormat("  %-18s %6d where a chunk ends, %6d at any time\n",
                                 PartyName(static_cast<Party>(k)), kills.at_boundaries[k],
                                 kills.at_random[k]);
  }
  if (!status.ok()) std::cout << status << "\n";
  std::cout << tally.Text() << std::flush;
  return status.ok() && tally.bad() == 0 && done == options.count;
}

}  // namespace kvwire
