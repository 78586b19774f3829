// Whether the reported size of the state is the size of the state.

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/claim_verdict.h"
#include "client/conformance/case.h"
#include "client/conformance/expectations.h"
#include "client/conformance/session.h"
#include "common/base/status_macros.h"

namespace kvwire::conformance {
namespace {

using Code = absl::StatusCode;

// The report against the snapshot.
absl::Status ExpectHonest(Session& session) {
  KVWIRE_ASSIGN_OR_RETURN(const v1::IngestResponse state, session.State());
  KVWIRE_ASSIGN_OR_RETURN(const std::string snapshot, session.Snapshot());
  const std::string when = absl::StrCat("after ", state.token_count(), " tokens");
  if (state.state_bits() < 0 || state.section_count() < 0) {
    return Fault(when, "a size and sections of at least 0",
                 absl::StrCat(state.state_bits(), " bits in ", state.section_count()));
  }
  const std::optional<std::string> fault =
      ClaimFault({.state_bits = state.state_bits(),
                  .section_count = state.section_count(),
                  .snapshot_bytes = static_cast<int64_t>(snapshot.size())});
  if (fault.has_value()) {
    return Fault(when, "the size reported to be that of the snapshot",
                 absl::StrCat("a server that ", *fault));
  }
  return absl::OkStatus();
}

Finding TheClaimExplainsTheSnapshot(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto session, Session::Open(subject.plug_in, subject.open));
  KVWIRE_RETURN_IF_ERROR(ExpectHonest(*session));
  for (v1::IngestRequest block : subject.Stream()) {
    block.set_closes_scale(false);
    KVWIRE_RETURN_IF_ERROR(session->Append({block}).status());
    KVWIRE_RETURN_IF_ERROR(ExpectHonest(*session));
    KVWIRE_RETURN_IF_ERROR(session->Append({ClosingBlock()}).status());
    KVWIRE_RETURN_IF_ERROR(ExpectHonest(*session));
  }
  return absl::OkStatus();
}

Finding TheMemoryLimitHolds(const Subject& subject) {
  constexpr int64_t kLimitBytes = 16;
  v1::OpenRequest open = subject.open;
  open.set_memory_limit_bytes(kLimitBytes);
  const absl::StatusOr<int64_t> id = subject.plug_in.Open(open);
  constexpr std::string_view kOpen = "Open with a memory limit of 16 bytes";
  if (!id.ok()) return ExpectError(kOpen, id.status(), {Code::kResourceExhausted});
  const Session session(subject.plug_in, *id, 0);
  for (v1::IngestRequest block : subject.Stream()) {
    block.set_session_id(session.id());
    const auto state = subject.plug_in.Ingest({block});
    if (!state.ok()) {
      return ExpectError("Ingest over a memory limit of 16 bytes", state.status(),
                         {Code::kResourceExhausted});
    }
    if (state->state_bits() <= 8 * kLimitBytes) continue;
    return Fault("Ingest over a memory limit of 16 bytes",
                 "RESOURCE_EXHAUSTED, or a state of at most 128 bits",
                 absl::StrCat("OK and a state of ", state->state_bits(), " bits"));
  }
  return absl::OkStatus();
}

Finding TheMemoryLimitHoldsForSnapshots(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto session, OpenAfter(subject, subject.Stream()));
  KVWIRE_ASSIGN_OR_RETURN(const v1::IngestResponse state, session->State());
  KVWIRE_ASSIGN_OR_RETURN(const std::string snapshot, session->Snapshot());
  if (state.state_bits() <= 8) return NotApplicable("its state is no larger than a byte");
  v1::OpenRequest open = subject.open;
  open.set_memory_limit_bytes((state.state_bits() + 7) / 8 - 1);
  const auto restored = subject.plug_in.Restore(RestoreRequests(open, snapshot, 64));
  if (restored.ok()) subject.plug_in.Close(restored->session_id()).IgnoreError();
  return ExpectError(absl::StrCat("Restore of ", state.state_bits(), " bits under a limit of ",
                                  open.memory_limit_bytes(), " bytes"),
                     restored.status(), {Code::kResourceExhausted});
}

Finding AnnouncedRowsTakeNoMemory(const Subject& subject) {
  v1::OpenRequest open = subject.open;
  open.set_memory_limit_bytes(int64_t{64} << 20);
  KVWIRE_ASSIGN_OR_RETURN(const auto session, Session::Open(subject.plug_in, open));
  KVWIRE_RETURN_IF_ERROR(session->Append({subject.tokens().Block(0, 4)}).status());
  v1::IngestRequest zeros;
  zeros.set_session_id(session->id());
  zeros.set_rows(int64_t{1} << 50);
  zeros.set_closes_scale(true);
  const absl::StatusOr<v1::IngestResponse> state = subject.plug_in.Ingest({zeros});
  // Who only counts zero tokens can take them.
  if (state.ok() && state->state_bits() <= int64_t{8 * 64} << 20) return absl::OkStatus();
  KVWIRE_RETURN_IF_ERROR(ExpectError("2^50 zero tokens under a limit of 64 MiB",
                                     state.status(), {Code::kResourceExhausted}));
  KVWIRE_ASSIGN_OR_RETURN(const v1::IngestResponse after, session->State());
  return ExpectEqual("token_count after they were refused", 4, after.token_count());
}

constexpr Case kCases[] = {
    {"claim-explains-snapshot", "0 <= 8 x bytes - state_bits <= 8 x (64 + 16 x section_count)",
     TheClaimExplainsTheSnapshot},
    {"memory-limit-holds", "a state over the limit is RESOURCE_EXHAUSTED",
     TheMemoryLimitHolds},
    {"memory-limit-holds-restoring",
     "a snapshot over the limit is RESOURCE_EXHAUSTED",
     TheMemoryLimitHoldsForSnapshots,
     {kRoundTrip}},
    {"announced-rows-take-no-memory", "2^50 rows without bytes are counted or refused",
     AnnouncedRowsTakeNoMemory},
};

}  // namespace

absl::Span<const Case> ClaimCases() { return kCases; }

}  // namespace kvwire::conformance
