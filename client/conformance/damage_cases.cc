// Snapshots that must not be restored.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/conformance/case.h"
#include "client/conformance/expectations.h"
#include "client/conformance/session.h"
#include "common/base/status_macros.h"

namespace kvwire::conformance {
namespace {

using Code = absl::StatusCode;

// How many damaged snapshots a case tries, spread evenly.
constexpr size_t kTries = 400;

absl::Status RestoreOf(const Subject& subject, const v1::OpenRequest& open,
                       std::string_view snapshot) {
  const auto response = subject.plug_in.Restore(RestoreRequests(open, snapshot, 1 << 20));
  if (response.ok()) subject.plug_in.Close(response->session_id()).IgnoreError();
  return response.status();
}

absl::StatusOr<std::string> SmallSnapshot(const Subject& subject) {
  return SnapshotAfter(subject, {subject.tokens().Block(0, 5), subject.tokens().Block(5, 3)});
}

Finding ATruncatedSnapshotIsRefused(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string whole, SmallSnapshot(subject));
  const std::string_view bytes = whole;
  const size_t step = whole.size() / kTries + 1;
  for (size_t length = 0; length < bytes.size(); length += step) {
    KVWIRE_RETURN_IF_ERROR(ExpectError(
        absl::StrCat("Restore of the first ", length, " of ", bytes.size(), " bytes"),
        RestoreOf(subject, subject.open, bytes.substr(0, length)), {Code::kDataLoss}));
  }
  return ExpectError("Restore of all bytes but the last",
                     RestoreOf(subject, subject.open, bytes.substr(0, bytes.size() - 1)),
                     {Code::kDataLoss});
}

Finding ALongerSnapshotIsRefused(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string whole, SmallSnapshot(subject));
  for (const std::string& tail : {std::string(1, '\0'), std::string(8, '\xff'), whole}) {
    KVWIRE_RETURN_IF_ERROR(
        ExpectError(absl::StrCat("Restore of a snapshot and ", tail.size(), " bytes more"),
                    RestoreOf(subject, subject.open, whole + tail), {Code::kDataLoss}));
  }
  return absl::OkStatus();
}

Finding AFlippedBitIsRefused(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string whole, SmallSnapshot(subject));
  // Every bit of the first and last bytes, where headers and checksums are; then odd steps,
  // so that all positions in a byte have their turn.
  const size_t bits = 8 * whole.size();
  std::vector<size_t> positions;
  for (size_t bit = 0; bit < bits; ++bit) {
    if (bit < 8 * 40 || bit >= bits - 8 * 8 || bit % (2 * (bits / kTries / 2) + 1) == 0) {
      positions.push_back(bit);
    }
  }
  for (const size_t bit : positions) {
    std::string altered = whole;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << bit % 8));
    KVWIRE_RETURN_IF_ERROR(
        ExpectError(absl::StrCat("Restore with bit ", bit, " of ", bits, " turned over"),
                    RestoreOf(subject, subject.open, altered),
                    {Code::kDataLoss, Code::kFailedPrecondition}));
  }
  return absl::OkStatus();
}

Finding StrangeBytesAreRefused(const Subject& subject) {
  for (const size_t length : {1, 7, 64, 4096, 1 << 20}) {
    for (const char byte : {'\0', '\xff', 'K'}) {
      KVWIRE_RETURN_IF_ERROR(ExpectError(
          absl::StrCat("Restore of ", length, " bytes of ", int{byte}),
          RestoreOf(subject, subject.open, std::string(length, byte)), {Code::kDataLoss}));
    }
  }
  return absl::OkStatus();
}

// Restores the subject's snapshot under `open`, which must be refused; not applicable
// where the algorithm would not open it either.
Finding ExpectForeign(const Subject& subject, std::string_view what,
                      const v1::OpenRequest& open) {
  const absl::StatusOr<int64_t> opened = subject.plug_in.Open(open);
  if (!opened.ok()) {
    return NotApplicable(
        absl::StrCat(std::string(what), " is refused: ", StatusText(opened.status())));
  }
  subject.plug_in.Close(*opened).IgnoreError();
  KVWIRE_ASSIGN_OR_RETURN(const std::string snapshot, SmallSnapshot(subject));
  return ExpectError(absl::StrCat("Restore as one of ", std::string(what)),
                     RestoreOf(subject, open, snapshot), {Code::kFailedPrecondition});
}

Finding ASnapshotOfAnotherDimensionIsRefused(const Subject& subject) {
  v1::OpenRequest open = subject.open;
  const int64_t dims = 2 * open.parameters().dims();
  open.mutable_parameters()->set_dims(dims);
  return ExpectForeign(subject, absl::StrCat("d = ", dims), open);
}

Finding ASnapshotOfAnotherAlgorithmIsRefused(const Subject& subject) {
  Finding finding = NotApplicable("the server has no other algorithm");
  for (const v1::AlgorithmDescription& other : subject.description.algorithms()) {
    if (other.name() == subject.algorithm.name()) continue;
    v1::OpenRequest open = subject.open;
    open.mutable_parameters()->set_algorithm(other.name());
    finding = ExpectForeign(subject, other.name(), open);
    if (finding.outcome != Outcome::kNotApplicable) return finding;
  }
  return finding;
}

Finding ASnapshotOfOtherOptionsIsRefused(const Subject& subject) {
  if (subject.spec() != subject.algorithm.name()) {
    return NotApplicable("it is tested without options only");
  }
  Finding finding = NotApplicable("it has no option that is a number");
  for (const v1::OptionDescription& option : subject.algorithm.options()) {
    int64_t value = 0;
    if (!absl::SimpleAtoi(option.default_value(), &value)) continue;
    const std::string other = absl::StrCat(subject.spec(), ":", option.key(), "=", value + 1);
    v1::OpenRequest open = subject.open;
    open.mutable_parameters()->set_algorithm(other);
    finding = ExpectForeign(subject, other, open);
    if (finding.outcome == Outcome::kFail) return finding;
  }
  return finding;
}

Finding RestoreOpensOnceAndFirst(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string snapshot, SmallSnapshot(subject));
  v1::RestoreRequest open;
  *open.mutable_open() = subject.open;
  v1::RestoreRequest data;
  data.set_data(snapshot);
  const auto refused = [&](std::string_view what,
                           const std::vector<v1::RestoreRequest>& requests) {
    const auto response = subject.plug_in.Restore(requests);
    if (response.ok()) subject.plug_in.Close(response->session_id()).IgnoreError();
    return ExpectError(what, response.status(), {Code::kInvalidArgument});
  };
  KVWIRE_RETURN_IF_ERROR(refused("Restore without a request", {}));
  KVWIRE_RETURN_IF_ERROR(refused("Restore that begins with data", {data, open}));
  KVWIRE_RETURN_IF_ERROR(refused("Restore that opens twice", {open, open, data}));
  return absl::OkStatus();
}

constexpr Case kCases[] = {
    {"truncated-refused", "a snapshot cut short anywhere is DATA_LOSS",
     ATruncatedSnapshotIsRefused},
    {"extended-refused", "a snapshot with bytes after its end is DATA_LOSS",
     ALongerSnapshotIsRefused},
    {"flipped-bit-refused",
     "a snapshot with a bit turned over is DATA_LOSS or FAILED_PRECONDITION",
     AFlippedBitIsRefused},
    {"strange-bytes-refused", "bytes that are no snapshot at all are DATA_LOSS",
     StrangeBytesAreRefused},
    {"other-dimension-refused", "a snapshot of another d is FAILED_PRECONDITION",
     ASnapshotOfAnotherDimensionIsRefused},
    {"other-algorithm-refused", "a snapshot of another algorithm is FAILED_PRECONDITION",
     ASnapshotOfAnotherAlgorithmIsRefused},
    {"other-options-refused", "a snapshot of other options is FAILED_PRECONDITION",
     ASnapshotOfOtherOptionsIsRefused},
    {"restore-order-kept", "Restore that does not open first, and once, is INVALID_ARGUMENT",
     RestoreOpensOnceAndFirst},
};

}  // namespace

absl::Span<const Case> DamageCases() { return kCases; }

}  // namespace kvwire::conformance
