#include <array>
#include <atomic>
#include <iostream>
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

constexpr int kWorkers = 4;
constexpr int64_t kChunkBytes = 256;
// What crosses in a run, about, and what comes back.
constexpr uint64_t kBytesToBob = 3600;
constexpr uint64_t kBytesToAlice = 230;
constexpr absl::Duration kPatience = absl::Milliseconds(700);

bool Tampers(FaultKind kind) {
  switch (kind) {
    case FaultKind::kFlipToBob:
    case FaultKind::kFlipToAlice:
    case FaultKind::kDropToBob:
    case FaultKind::kRepeatToBob:
    case FaultKind::kSwapToBob:
    case FaultKind::kInsertToBob:
    case FaultKind::kZeroToBob:
      return true;
    default:
      return false;
  }
}

bool Cuts(FaultKind kind) {
  switch (kind) {
    case FaultKind::kReset:
    case FaultKind::kResetToAlice:
    case FaultKind::kResetToBob:
    case FaultKind::kClose:
    case FaultKind::kHalfCloseToBob:
    case FaultKind::kHalfCloseToAlice:
    case FaultKind::kStall:      // until Alice hangs up: her last frames do not pass
    case FaultKind::kLoseReply:  // and then the connection
      return true;
    default:
      return false;
  }
}

Fault DrawFault(int64_t number, std::mt19937_64& random) {
  Fault fault{
      .kind = static_cast<FaultKind>(static_cast<int64_t>(kFirstFault) + number % kFaultKinds),
      .seed = random()};
  const bool to_alice =
      fault.kind == FaultKind::kFlipToAlice || fault.kind == FaultKind::kHalfCloseToAlice;
  fault.after_bytes =
      static_cast<int64_t>(random() % (to_alice ? kBytesToAlice : kBytesToBob));
  return fault;
}

struct Round {
  std::atomic<int64_t> next = 0;
  std::atomic<int64_t> fired = 0;
  std::array<std::atomic<int64_t>, kFaultKinds> by_kind{};
};

// Makes runs, each with a fault on its first connection, until enough have struck.
void Work(const Parties& parties, const RunRequest& request, const RoundOptions& options,
          absl::Time end, Round& round, Tally& tally) {
  while (round.fired < options.count && absl::Now() < end) {
    const int64_t number = round.next++;
    std::mt19937_64 random(options.seed + static_cast<uint64_t>(number) * 7919);
    const Fault fault = DrawFault(number, random);
    TcpProxy proxy(parties.bobs_channel());
    proxy.Push(fault);
    Services services = parties.Where(proxy.endpoint(), kPatience);
    MakeRun(services, request, {FaultName(fault.kind), Tampers(fault.kind), Cuts(fault.kind)},
            tally);
    const int64_t struck = proxy.fired(fault.kind);
    round.fired += struck;
    round.by_kind[static_cast<size_t>(fault.kind) - static_cast<size_t>(kFirstFault)] +=
        struck;
  }
}

}  // namespace

bool NetworkRound(const RoundOptions& options) {
  const auto parties = Parties::Start(kChunkBytes);
  if (!parties.ok()) return std::cout << parties.status() << std::endl, false;
  const auto request = SmallRun(16);
  if (!request.ok()) return std::cout << request.status() << std::endl, false;
  const absl::Time start = absl::Now();
  Round round;
  Tally tally;
  std::vector<std::thread> workers;
  for (int k = 0; k < kWorkers; ++k) {
    workers.emplace_back(
        [&] { Work(**parties, *request, options, start + options.limit, round, tally); });
  }
  for (std::thread& worker : workers) worker.join();
  std::cout << absl::StrFormat("%d network faults of %d kinds in %.1f s\n", round.fired.load(),
                               kFaultKinds, absl::ToDoubleSeconds(absl::Now() - start));
  bool all_kinds = true;
  for (int k = 0; k < kFaultKinds; ++k) {
    const auto kind = static_cast<FaultKind>(static_cast<int>(kFirstFault) + k);
    std::cout << absl::StrFormat("  %-20s %6d\n", FaultName(kind), round.by_kind[k].load());
    all_kinds = all_kinds && round.by_kind[k] > 0;
  }
  std::cout << tally.Text() << std::flush;
  return tally.bad() == 0 && all_kinds && round.fired >= options.count;
}

}  // namespace kvwire
