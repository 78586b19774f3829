#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "tests/chaos/parties.h"
#include "tests/chaos/rounds.h"
#include "tests/chaos/workload.h"

namespace kvwire {
namespace {

// The services have what they keep by then.
constexpr int64_t kWarmUpRuns = 1000;
constexpr int64_t kMostGrowthKib = 1024;

struct Footprint {
  int64_t resident_kib = 0;
  int64_t descriptors = 0;
  int64_t threads = 0;
};

int64_t StatusNumber(const std::string& status, const std::string& name) {
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(status, '\n'))) {
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar("\t "), absl::SkipEmpty());
    int64_t number = 0;
    if (words.size() >= 2 && words[0] == name && absl::SimpleAtoi(words[1], &number)) {
      return number;
    }
  }
  return -1;
}

Footprint FootprintOf(pid_t pid) {
  const std::filesystem::path process = "/proc/" + std::to_string(pid);
  std::ifstream file(process / "status");
  const std::string status(std::istreambuf_iterator<char>(file), {});
  Footprint footprint{.resident_kib = StatusNumber(status, "VmRSS:"),
                      .threads = StatusNumber(status, "Threads:")};
  const auto open = std::filesystem::directory_iterator(process / "fd");
  footprint.descriptors = std::distance(begin(open), end(open));
  return footprint;
}

std::vector<Footprint> Footprints(const Parties& parties) {
  std::vector<Footprint> all;
  for (int k = 0; k < kParties; ++k) {
    all.push_back(FootprintOf(parties.Pid(static_cast<Party>(k))));
  }
  return all;
}

}  // namespace

bool SoakRound(const RoundOptions& options) {
  const auto parties = Parties::Start(/*chunk_bytes=*/0);
  if (!parties.ok()) return std::cout << parties.status() << std::endl, false;
  const auto request = SmallRun(16);
  if (!request.ok()) return std::cout << request.status() << std::endl, false;
  Services services = (*parties)->Where((*parties)->bobs_channel(), absl::Seconds(20));
  Tally tally;
  const absl::Time start = absl::Now();
  std::vector<Footprint> before;
  const int64_t warm_up = std::min(kWarmUpRuns, options.count / 2);
  for (int64_t run = 0; run < options.count; ++run) {
    if (run == warm_up) before = Footprints(**parties);
    MakeRun(services, *request, {"nothing"}, tally);
  }
  absl::SleepFor(absl::Seconds(1));
  const std::vector<Footprint> after = Footprints(**parties);
  std::cout << absl::StrFormat("%d small runs in %.1f s; after %d of them and after all:\n",
                               options.count, absl::ToDoubleSeconds(absl::Now() - start),
                               warm_up);
  bool steady = true;
  for (int k = 0; k < kParties; ++k) {
    std::cout << absl::StrFormat(
        "  %-18s resident %6d and %6d KiB, descriptors %3d and %3d, threads %3d and %3d\n",
        PartyName(static_cast<Party>(k)), before[k].resident_kib, after[k].resident_kib,
        before[k].descriptors, after[k].descriptors, before[k].threads, after[k].threads);
    steady = steady && after[k].resident_kib - before[k].resident_kib < kMostGrowthKib &&
             after[k].descriptors <= before[k].descriptors + 2 &&
             after[k].threads <= before[k].threads + 2;
  }
  std::cout << tally.Text() << std::flush;
  return steady && tally.bad() == 0 && (*parties)->SpoolFiles().empty();
}

}  // namespace kvwire
