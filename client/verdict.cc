#include "client/verdict.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/channel_verdict.h"
#include "client/claim_verdict.h"
#include "client/connection_rows.h"
#include "client/waterfall/waterfall_verdict.h"
#include "common/reduction/bounds.h"
#include "common/reduction/soft_floor.h"

namespace kvwire {
namespace {

using Reasons = std::vector<std::string>;

// What Alice's messages can have told Bob, in bytes: those of connections that broke too.
// Where a count of hers died with her, what he took counts.
int64_t TellingBytes(const RunResult& result) {
  const auto& rows = result.alice.connections();
  return std::any_of(rows.begin(), rows.end(), IsLost)
             ? std::max(result.alice.message_bytes(), result.bob.message_bytes())
             : result.alice.message_bytes();
}

void JudgeLeak(const RunResult& result, Verdict& verdict) {
  if (!result.masked) return;
  const int64_t payload_bits = result.parameters.payload_bits();
  verdict.leak_bits = LeakBits(payload_bits, result.bit_errors, 8 * TellingBytes(result));
  verdict.state_leak_bits = LeakBits(payload_bits, result.bit_errors, result.state_bits);
  if (*verdict.leak_bits >= kLeakLimitBits) {
    verdict.reasons.push_back(absl::StrFormat(
        "Bob knows more than Alice's message can hold: his %d errors in %d bits take %.0f "
        "bits "
        "more than the %d bytes of messages that she sent; something else told him",
        result.bit_errors, payload_bits, *verdict.leak_bits, TellingBytes(result)));
  }
  if (*verdict.state_leak_bits >= kLeakLimitBits) {
    verdict.reasons.push_back(absl::StrFormat(
        "Alice's algorithm claims too small a state: %d bits, but what Bob read from it takes "
        "%.0f bits more",
        result.state_bits, *verdict.state_leak_bits));
  }
}

// Bob's confidences: the stronger test where only some of the bits are known.
void JudgeSoftLeak(const RunResult& result, Verdict& verdict) {
  if (!result.masked) return;
  const int64_t message_bits = 8 * TellingBytes(result);
  const int64_t least_bits = std::min(message_bits, result.state_bits);
  verdict.soft_leak_bits = SoftLeakBits(result.soft_floor_bits, least_bits);
  if (*verdict.soft_leak_bits < kLeakLimitBits) return;
  verdict.reasons.push_back(absl::StrFormat(
      "Bob is sure of more than Alice can have told him: his confidences prove %.0f bits, "
      "%.0f more than %s of %d bits",
      result.soft_floor_bits, *verdict.soft_leak_bits,
      least_bits < message_bits ? "her algorithm's claimed state" : "her messages",
      least_bits));
}

std::string FileText(const std::optional<int64_t>& bytes) {
  return bytes.has_value() ? absl::StrCat("a file of ", *bytes, " bytes") : "no file";
}

void JudgeEnds(const RunResult& result, Reasons& reasons) {
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

// Wrong bits say something of the algorithm only if exact attention would have them
// right.
void JudgeDecodability(const RunResult& result, Reasons& reasons) {
  if (!result.decodability.has_value() || result.decodability->undecodable_rows == 0) return;
  reasons.push_back(absl::StrFormat(
      "of the %d rows of keys, %d cannot be told apart for certain at C = %g by attention in "
      "float32 (worst interference %.3g, to be below %.3g; rounding of scores %.2g): the %d "
      "wrong bits are not the algorithm's; take another --sharpness, or a larger --d",
      result.parameters.shape.tokens(), result.decodability->undecodable_rows,
      result.parameters.sharpness, result.decodability->worst_mass,
      result.parameters.decoding.LargestMass(), result.decodability->rounding,
      result.bit_errors));
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

}  // namespace

Verdict Judge(const RunResult& result, const VerdictOptions& options) {
  Verdict verdict;
  JudgeLeak(result, verdict);
  JudgeSoftLeak(result, verdict);
  JudgeClaim({.state_bits = result.state_bits,
              .section_count = result.section_count,
              .snapshot_bytes = result.alice.snapshot_bytes()},
             verdict.reasons);
  JudgeChannel(result.alice, result.bob, verdict.reasons);
  JudgeEnds(result, verdict.reasons);
  JudgeWaterfall(result, verdict.reasons);
  JudgeAnswers(result, verdict.reasons);
  JudgeDecodability(result, verdict.reasons);
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
