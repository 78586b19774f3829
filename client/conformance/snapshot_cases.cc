// What Snapshot returns.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/conformance/case.h"
#include "client/conformance/expectations.h"
#include "client/conformance/session.h"
#include "common/base/status_macros.h"

namespace kvwire::conformance {
namespace {

Finding SnapshotMayBeRepeated(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto session, OpenAfter(subject, subject.Stream()));
  KVWIRE_ASSIGN_OR_RETURN(const std::string first, session->Snapshot());
  KVWIRE_ASSIGN_OR_RETURN(const std::string second, session->Snapshot());
  return ExpectSameBytes("the same Snapshot again", first, second);
}

Finding SnapshotIsThatOfTheClosedScale(const Subject& subject) {
  std::vector<v1::IngestRequest> blocks = subject.Stream();
  KVWIRE_ASSIGN_OR_RETURN(const std::string expected, SnapshotAfter(subject, blocks));
  blocks.back().set_closes_scale(false);
  KVWIRE_ASSIGN_OR_RETURN(const std::string got, SnapshotAfter(subject, blocks));
  return ExpectSameBytes("snapshot of the open scale", expected, got);
}

Finding SnapshotLeavesTheScaleOpen(const Subject& subject) {
  v1::IngestRequest half = subject.tokens().Block(21, 32, /*closes_scale=*/false);
  const v1::IngestRequest rest = subject.tokens().Block(53, 32);
  const auto stream = subject.Stream();
  KVWIRE_ASSIGN_OR_RETURN(
      const std::string expected,
      SnapshotAfter(subject, {stream[0], stream[1], stream[2], half, rest}));
  KVWIRE_ASSIGN_OR_RETURN(const auto session,
                          OpenAfter(subject, {stream[0], stream[1], stream[2], half}));
  KVWIRE_RETURN_IF_ERROR(session->Snapshot().status());
  KVWIRE_RETURN_IF_ERROR(session->Append({rest}).status());
  KVWIRE_ASSIGN_OR_RETURN(const std::string got, session->Snapshot());
  return ExpectSameBytes("going on in the scale after a Snapshot", expected, got);
}

// Grows the state until its snapshot is over a MiB, or grows no more.
Finding SnapshotComesInSmallPieces(const Subject& subject) {
  constexpr int64_t kDims = 256;
  constexpr int64_t kRowsAtOnce = 512;
  Subject wide = subject;
  wide.open.mutable_parameters()->set_dims(kDims);
  wide.open.mutable_parameters()->set_token_count(16 * kRowsAtOnce);
  const absl::StatusOr<int64_t> opened = wide.plug_in.Open(wide.open);
  if (opened.status().code() == absl::StatusCode::kInvalidArgument) {
    return NotApplicable(absl::StrCat("d = 256 is refused: ", StatusText(opened.status())));
  }
  KVWIRE_RETURN_IF_ERROR(ExpectOk("Open with d = 256", opened.status()));
  Session session(wide.plug_in, *opened, 0);
  size_t bytes = 0;
  for (int64_t first = 0; first < 16 * kRowsAtOnce; first += kRowsAtOnce) {
    KVWIRE_RETURN_IF_ERROR(session.Append({wide.tokens().Block(first, kRowsAtOnce)}).status());
    KVWIRE_ASSIGN_OR_RETURN(const std::string snapshot, session.Snapshot());  // checks pieces
    if (snapshot.size() > (size_t{1} << 20)) return absl::OkStatus();
    if (snapshot.size() <= bytes) break;
    bytes = snapshot.size();
  }
  return NotApplicable(absl::StrCat("its state stays at ", bytes, " bytes, below a piece"));
}

constexpr Case kCases[] = {
    {"snapshot-repeatable", "Snapshot twice gives the same bytes", SnapshotMayBeRepeated},
    {"snapshot-closes-scale",
     "a snapshot of an open scale is that of the closed one",
     SnapshotIsThatOfTheClosedScale,
     {kSameBytes}},
    {"snapshot-leaves-scale-open",
     "the session goes on in its scale after a snapshot",
     SnapshotLeavesTheScaleOpen,
     {kSameBytes}},
    {"snapshot-pieces-bounded", "no piece of a snapshot is over 1 MiB",
     SnapshotComesInSmallPieces},
};

}  // namespace

absl::Span<const Case> SnapshotCases() { return kCases; }

}  // namespace kvwire::conformance
