#include "client/verdict.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/reduction/bounds.h"

namespace kvwire {
namespace {

using Reasons = std::vector<std::string>;

// What a snapshot may have beyond the claim: headers, lengths, checksums.
constexpr int64_t kContainerBytes = 64;
constexpr int64_t kSectionBytes = 16;
constexpr int64_t kMostSections = 64;
// Bob's last transport frames may meet a connection that Alice has closed.
constexpr int64_t kMostUnreadBytes = 128;

void JudgeLeak(const RunResult& result, Verdict& verdict) {
  if (!result.masked) return;
  const int64_t payload_bits = result.parameters.payload_bits();
  verdict.leak_bits =
      LeakBits(payload_bits, result.bit_errors, 8 * result.alice.message_bytes());
  verdict.state_leak_bits = LeakBits(payload_bits, result.bit_errors, result.state_bits);
  if (*verdict.leak_bits >= kLeakLimitBits) {
    verdict.reasons.push_back(absl::StrFormat(
        "Bob knows more than Alice's message can hold: his %d errors in %d bits take %.0f "
        "bits "
        "more than the %d bytes of messages that she sent; something else told him",
        result.bit_errors, payload_bits, *verdict.leak_bits, result.alice.message_bytes()));
  }
  if (*verdict.state_leak_bits >= kLeakLimitBits) {
    verdict.reasons.push_back(absl::StrFormat(
        "Alice's algorithm claims too small a state: %d bits, but what Bob read from it takes "
        "%.0f bits more",
        result.state_bits, *verdict.state_leak_bits));
  }
}

void JudgeClaim(const RunResult& result, Reasons& reasons) {
  const int64_t sections = std::clamp<int64_t>(result.section_count, 1, kMostSections);
  const int64_t allowed = 8 * (kContainerBytes + kSectionBytes * sections);
  const int64_t excess = 8 * result.alice.snapshot_bytes() - result.state_bits;
  if (excess < 0) {
    reasons.push_back(absl::StrCat("Alice's algorithm claims a state of ", result.state_bits,
                                   " bits, ", -excess, " more than its snapshot has"));
  } else if (excess > allowed) {
    reasons.push_back(absl::StrCat(
        "Alice's algorithm sent a snapshot of ", result.alice.snapshot_bytes(),
        " bytes for a ", "claimed state of ", result.state_bits, " bits: ", excess - allowed,
        " bits more than the claim and its ", sections, " section(s) of headers explain"));
  }
}

void ExpectEqual(const std::string& what, int64_t alice, int64_t bob, Reasons& reasons) {
  if (alice == bob) return;
  reasons.push_back(absl::StrCat("the ends disagree on ", what, ": Alice counted ", alice,
                                 ", Bob ", bob, " (", alice - bob, " more at Alice's end)"));
}

std::string FileText(const std::optional<int64_t>& bytes) {
  return bytes.has_value() ? absl::StrCat("a file of ", *bytes, " bytes") : "no file";
}

void JudgeEnds(const RunResult& result, Reasons& reasons) {
  const v1::ChannelLedger& alice = result.alice;
  const v1::ChannelLedger& bob = result.bob;
  ExpectEqual("the snapshot's bytes", alice.snapshot_bytes(), bob.snapshot_bytes(), reasons);
  ExpectEqual("the number of messages", alice.message_count(), bob.message_count(), reasons);
  ExpectEqual("the messages' bytes", alice.message_bytes(), bob.message_bytes(), reasons);
  ExpectEqual("the connections", alice.connections_size(), bob.connections_size(), reasons);
  ExpectEqual("the TCP payload from Alice to Bob", RunResult::SentBytes(alice),
              RunResult::ReceivedBytes(bob), reasons);
  const int64_t unread = RunResult::SentBytes(bob) - RunResult::ReceivedBytes(alice);
  if (unread < 0 || unread > kMostUnreadBytes) {
    reasons.push_back(absl::StrCat("Bob sent ", RunResult::SentBytes(bob),
                                   " bytes of TCP payload and Alice received ",
                                   RunResult::ReceivedBytes(alice), ": a difference of 0 to ",
                                   kMostUnreadBytes, " can be explained"));
  }
  if (result.payload_bytes != result.heard_bytes) {
    reasons.push_back(absl::StrCat("Alice was given ", FileText(result.payload_bytes),
                                   ", but Bob heard of ", FileText(result.heard_bytes)));
  }
  if (result.alice_sha256 != result.bob_sha256) {
    reasons.push_back(absl::StrCat("Bob holds another snapshot than Alice sent: SHA-256 ",
                                   absl::BytesToHexString(result.bob_sha256), " instead of ",
                                   absl::BytesToHexString(result.alice_sha256)));
  }
}

// What was asked and the audit are read from one message, so they cannot differ.
void JudgeAnswers(const RunResult& result, Reasons& reasons) {
  const int64_t contradictions = std::count_if(
      result.asked.begin(), result.asked.end(), [&result](const AskedBit& asked) {
        return result.audit.Get(asked.position) != asked.bit;
      });
  if (contradictions == 0) return;
  reasons.push_back(absl::StrCat("Bob contradicts himself: ", contradictions, " of the ",
                                 result.asked.size(),
                                 " bits he was asked for are others in the audit"));
}

void JudgeFinal(const std::string& who, const v1::ChannelLedger& ledger, Reasons& reasons) {
  for (const v1::TcpCount& count : ledger.connections()) {
    if (count.final()) continue;
    reasons.push_back(absl::StrCat(
        who, "'s connection was not seen to close, so its byte counts ", "may be short"));
  }
}

// Each layer holds the one above it.
void JudgeLayers(const RunResult& result, Reasons& reasons) {
  const v1::ChannelLedger& alice = result.alice;
  if (alice.message_bytes() < alice.snapshot_bytes()) {
    reasons.push_back(absl::StrCat(
        "Alice's ", alice.message_bytes(), " bytes of messages are ",
        alice.snapshot_bytes() - alice.message_bytes(), " short of the snapshot in them"));
  }
  if (result.wire_bytes() < GrpcBytes(alice)) {
    reasons.push_back(
        absl::StrCat("Alice's connection carried ", result.wire_bytes(), " bytes, ",
                     GrpcBytes(alice) - result.wire_bytes(),
                     " short of the gRPC messages in it: they went another way"));
  }
}

}  // namespace

Verdict Judge(const RunResult& result, const VerdictOptions& options) {
  Verdict verdict;
  JudgeLeak(result, verdict);
  JudgeClaim(result, verdict.reasons);
  JudgeEnds(result, verdict.reasons);
  JudgeAnswers(result, verdict.reasons);
  JudgeFinal("Alice", result.alice, verdict.reasons);
  JudgeFinal("Bob", result.bob, verdict.reasons);
  JudgeLayers(result, verdict.reasons);
  if (result.alice_process_id == result.bob_process_id && !options.allow_shared_algorithm) {
    verdict.reasons.push_back(
        absl::StrFormat("Alice and Bob use one algorithm process (%016x), which could pass "
                        "the bits beside the "
                        "message; give each their own, or say --allow-shared-algorithm",
                        result.alice_process_id));
  }
  return verdict;
}

}  // namespace kvwire
