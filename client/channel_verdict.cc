#include "client/channel_verdict.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "client/connection_rows.h"
#include "client/run_result.h"

namespace kvwire {
namespace {

using Reasons = std::vector<std::string>;

// Bob's last transport frames may meet a connection that Alice has closed.
constexpr int64_t kMostUnreadBytes = 128;

void ExpectEqual(const std::string& what, int64_t alice, int64_t bob, Reasons& reasons) {
  if (alice == bob) return;
  reasons.push_back(absl::StrCat("the ends disagree on ", what, ": Alice counted ", alice,
                                 ", Bob ", bob, " (", alice - bob, " more at Alice's end)"));
}

// What crossed the connections that ended cleanly: a sum an end and direction.
struct CleanBytes {
  int64_t alice_sent = 0;
  int64_t alice_received = 0;
  int64_t bob_sent = 0;
  int64_t bob_received = 0;
};

CleanBytes SumClean(const v1::ChannelLedger& alice, const v1::ChannelLedger& bob) {
  CleanBytes sum;
  for (int k = 0; k < std::max(alice.connections_size(), bob.connections_size()); ++k) {
    v1::TcpCount hers;
    v1::TcpCount his;
    if (k < alice.connections_size()) hers = alice.connections(k);
    if (k < bob.connections_size()) his = bob.connections(k);
    if (EndOf(hers, his) != v1::CONNECTION_END_CLEAN) continue;
    sum.alice_sent += hers.sent_bytes();
    sum.alice_received += hers.received_bytes();
    sum.bob_sent += his.sent_bytes();
    sum.bob_received += his.received_bytes();
  }
  return sum;
}

// Whether Alice had the answer to the end of the message over some connection. Bob, who gave
// it, may have died since, and his count with him.
bool HasEnd(const v1::ChannelLedger& alice, const v1::ChannelLedger& bob) {
  for (int k = 0; k < std::min(alice.connections_size(), bob.connections_size()); ++k) {
    const bool answered = alice.connections(k).ended() <= v1::CONNECTION_END_CLEAN;
    if (answered && bob.connections(k).ended() != v1::CONNECTION_END_RESET) return true;
  }
  return false;
}

void JudgeClean(const v1::ChannelLedger& alice, const v1::ChannelLedger& bob,
                Reasons& reasons) {
  const CleanBytes sum = SumClean(alice, bob);
  if (BrokeOff(alice, bob) && !HasEnd(alice, bob)) {
    reasons.push_back("no connection carried the end of the message and the answer to it");
  }
  ExpectEqual("the TCP payload from Alice to Bob", sum.alice_sent, sum.bob_received, reasons);
  const int64_t unread = sum.bob_sent - sum.alice_received;
  if (unread < 0 || unread > kMostUnreadBytes) {
    reasons.push_back(absl::StrCat(
        "Bob sent ", sum.bob_sent, " bytes of TCP payload and Alice received ",
        sum.alice_received, ": a difference of 0 to ", kMostUnreadBytes, " can be explained"));
  }
}

// Of a connection that broke some of what was sent may not have arrived.
void JudgeBroken(const v1::ChannelLedger& alice, const v1::ChannelLedger& bob,
                 Reasons& reasons) {
  bool alice_lost = false;
  for (int k = 0; k < std::min(alice.connections_size(), bob.connections_size()); ++k) {
    const v1::TcpCount& hers = alice.connections(k);
    const v1::TcpCount& his = bob.connections(k);
    alice_lost = alice_lost || IsLost(hers);
    if (EndOf(hers, his) == v1::CONNECTION_END_CLEAN || IsLost(hers) || IsLost(his)) continue;
    if (hers.sent_bytes() >= his.received_bytes()) continue;
    reasons.push_back(absl::StrCat("over a connection that broke Bob received ",
                                   his.received_bytes(), " bytes and Alice sent ",
                                   hers.sent_bytes(), ": more arrived than was sent"));
  }
  if (alice_lost || alice.message_bytes() >= bob.message_bytes()) return;
  reasons.push_back(absl::StrCat("Bob took ", bob.message_bytes(),
                                 " bytes of messages and Alice sent ", alice.message_bytes(),
                                 ": more arrived than was sent"));
}

void JudgeEnds(const v1::ChannelLedger& alice, const v1::ChannelLedger& bob,
               Reasons& reasons) {
  ExpectEqual("the snapshot's bytes", alice.snapshot_bytes(), bob.snapshot_bytes(), reasons);
  ExpectEqual("the connections", alice.connections_size(), bob.connections_size(), reasons);
  if (BrokeOff(alice, bob)) {
    JudgeBroken(alice, bob, reasons);
  } else {
    ExpectEqual("the number of messages", alice.message_count(), bob.message_count(), reasons);
    ExpectEqual("the messages' bytes", alice.message_bytes(), bob.message_bytes(), reasons);
  }
  JudgeClean(alice, bob, reasons);
}

void JudgeFinal(const std::string& who, const v1::ChannelLedger& ledger, Reasons& reasons) {
  for (const v1::TcpCount& count : ledger.connections()) {
    if (count.final() || count.ended() > v1::CONNECTION_END_CLEAN) continue;
    reasons.push_back(absl::StrCat(
        who, "'s connection was not seen to close, so its byte counts ", "may be short"));
  }
}

// Each layer holds the one above it, but that of what Alice had written over a connection
// that broke not all need have been sent.
void JudgeLayers(const v1::ChannelLedger& alice, bool broke_off, Reasons& reasons) {
  const int64_t wire_bytes = RunResult::SentBytes(alice);
  const bool counted = std::none_of(alice.connections().begin(), alice.connections().end(),
                                    [](const v1::TcpCount& row) { return IsLost(row); });
  if (!counted) return;
  if (alice.message_bytes() < alice.snapshot_bytes()) {
    reasons.push_back(absl::StrCat(
        "Alice's ", alice.message_bytes(), " bytes of messages are ",
        alice.snapshot_bytes() - alice.message_bytes(), " short of the snapshot in them"));
  }
  const int64_t least = broke_off ? alice.snapshot_bytes() : GrpcBytes(alice);
  if (wire_bytes < least) {
    reasons.push_back(absl::StrCat("Alice's connection carried ", wire_bytes, " bytes, ",
                                   least - wire_bytes, " short of the ",
                                   broke_off ? "snapshot" : "gRPC messages",
                                   " in it: they went another way"));
  }
}

}  // namespace

void JudgeChannel(const v1::ChannelLedger& alice, const v1::ChannelLedger& bob,
                  std::vector<std::string>& reasons) {
  JudgeEnds(alice, bob, reasons);
  JudgeFinal("Alice", alice, reasons);
  JudgeFinal("Bob", bob, reasons);
  JudgeLayers(alice, BrokeOff(alice, bob), reasons);
}

}  // namespace kvwire
