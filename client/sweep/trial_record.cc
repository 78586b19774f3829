#include "client/sweep/trial_record.h"

#include <unistd.h>

#include <climits>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "client/version.h"

namespace kvwire {
namespace {

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = {};
  gethostname(name, HOST_NAME_MAX);
  return name;
}

std::string TimeNow() {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now(), absl::UTCTimeZone());
}

// The columns of both kinds from the first to the last, as far as they are given; the
// others are null.
TrialRecord Record(const PlannedTrial& trial, std::vector<Value> result,
                   const std::string& reasons, const std::vector<Value>& counts) {
  TrialRecord record{.key = trial.key, .trial = trial.text, .result = std::move(result)};
  record.result.resize(ResultColumns().size());
  record.measured = {int64_t{1}, reasons};
  record.measured.insert(record.measured.end(), counts.begin(), counts.end());
  record.measured.resize(MeasuredColumns().size());
  const size_t last = record.measured.size();
  record.measured[last - 3] = HostName();
  record.measured[last - 2] = std::string(kVersion);
  record.measured[last - 1] = TimeNow();
  return record;
}

}  // namespace

TrialRecord RecordOf(const PlannedTrial& trial, const RunResult& result,
                     const Verdict& verdict) {
  return Record(
      trial,
      {std::string(verdict.ok() ? kOutcomeOk : kOutcomeFailed), std::monostate(),
       result.parameters.sharpness, result.parameters.payload_bits(), result.asked_bits,
       result.asked_errors, result.bit_errors, result.floor_bits(), result.soft_floor_bits,
       result.state_bits, int64_t{result.alice.snapshot_bytes()},
       absl::BytesToHexString(result.alice_sha256)},
      absl::StrJoin(verdict.reasons, "\n"),
      {int64_t{result.alice.message_count()}, int64_t{result.alice.message_bytes()},
       GrpcBytes(result.alice), result.wire_bytes(), RunResult::SentBytes(result.bob),
       RunResult::RetransmittedBytes(result.alice), int64_t{result.alice.connections_size()},
       result.ingest_seconds, result.transfer_seconds, result.attend_seconds,
       result.total_seconds});
}

TrialRecord RefusalOf(const PlannedTrial& trial, const absl::Status& refusal) {
  return Record(trial,
                {std::string(kOutcomeRefused), absl::StatusCodeToString(refusal.code())},
                std::string(refusal.message()), {});
}

}  // namespace kvwire
