#include "tests/chaos/workload.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/connection_rows.h"
#include "client/run_options.h"
#include "client/verdict.h"
#include "common/base/status_macros.h"

namespace kvwire {

void Tally::Bad(const std::string& how, const std::string& what) {
  constexpr size_t kMostText = 4000;
  const std::lock_guard lock(mutex_);
  ++bad_[how];
  if (first_.size() < kMostText) absl::StrAppend(&first_, "  ", how, ": ", what, "\n");
}

void Tally::Refused(const std::string& why) {
  const std::lock_guard lock(mutex_);
  ++refused_[why];
}

void Tally::Exact(const RunResult& result) {
  const std::lock_guard lock(mutex_);
  ++exact_;
  if (result.alice.connections_size() > 1) ++resumed_;
  for (int k = 0; k < result.alice.connections_size(); ++k) {
    const bool broke = EndOf(result.alice.connections(k), result.bob.connections(k)) !=
                       v1::CONNECTION_END_CLEAN;
    broken_connections_ += broke ? 1 : 0;
  }
  resent_bytes_ += result.alice.resent_bytes();
}

int64_t Tally::exact() const {
  const std::lock_guard lock(mutex_);
  return exact_;
}

int64_t Tally::bad() const {
  const std::lock_guard lock(mutex_);
  int64_t sum = 0;
  for (const auto& [how, count] : bad_) sum += count;
  return sum;
}

std::string Tally::Text() const {
  const std::lock_guard lock(mutex_);
  std::string text = absl::StrFormat(
      "  runs: %d exact, %d of them over more than one connection (%d broke, %d bytes of "
      "snapshots sent again)\n",
      exact_, resumed_, broken_connections_, resent_bytes_);
  for (const auto& [why, count] : refused_) {
    absl::StrAppendFormat(&text, "  noticed, %s: %d\n", why, count);
  }
  const auto of = [&](const std::string& how) {
    const auto entry = bad_.find(how);
    return entry == bad_.end() ? int64_t{0} : entry->second;
  };
  absl::StrAppendFormat(&text, "  lost %d, wrong %d, duplicated %d, books in disorder %d\n",
                        of("lost"), of("wrong"), of("duplicated"), of("books"));
  return text + first_;
}

absl::StatusOr<RunRequest> SmallRun(int64_t dims) {
  RunOptions options;
  options.n = 8;
  options.dims = dims;
  return MakeRunRequest(options, std::nullopt);
}

void MakeRun(Services& services, const RunRequest& request, const Strike& strike,
             Tally& tally) {
  const auto bad = [&](const std::string& how, const std::string& what) {
    tally.Bad(how, absl::StrCat(strike.name, ": ", what));
  };
  Driver driver(services);
  const absl::Status connected = driver.Connect();
  const absl::StatusOr<RunResult> result =
      connected.ok() ? driver.Run(request) : absl::StatusOr<RunResult>(connected);
  if (!result.ok()) {
    if (strike.tampers) {
      return tally.Refused(absl::StatusCodeToString(result.status().code()));
    }
    return bad("lost", result.status().ToString());
  }
  const Verdict verdict = Judge(*result, {});
  const std::string reasons = absl::StrJoin(verdict.reasons, "; ");
  if (strike.tampers && !verdict.ok()) return tally.Refused("verdict");
  // Bits that nobody complains of must be the right ones.
  if (result->bit_errors > 0) return bad("wrong", reasons);
  if (result->bob.snapshot_bytes() > result->alice.snapshot_bytes()) {
    return bad("duplicated", reasons);
  }
  if (strike.cuts && verdict.reasons.size() == 1 &&
      absl::StartsWith(reasons, "the ends disagree on the TCP payload from Alice to Bob")) {
    return tally.Refused("a cut behind the message");
  }
  if (!verdict.ok()) return bad("books", reasons);
  tally.Exact(*result);
}

}  // namespace kvwire
