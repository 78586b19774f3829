#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/wire/channel_pace.h"
#include "server/alice/alice_transfer.h"
#include "tests/chaos/bob_in_process.h"
#include "tests/chaos/rounds.h"
#include "tests/chaos/tcp_proxy.h"

namespace kvwire {
namespace {

constexpr int64_t kPieceBytes = int64_t{1} << 20;
constexpr absl::Duration kPatience = absl::Seconds(20);

// The piece number `number` of a message that is never held whole.
std::string Piece(int64_t number, int64_t size) {
  std::mt19937_64 random(static_cast<uint64_t>(number));
  std::string bytes(static_cast<size_t>(size), '\0');
  for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    const uint64_t word = random();
    std::copy_n(reinterpret_cast<const char*>(&word), 8, bytes.begin() + at);
  }
  return bytes;
}

absl::Status WriteMessage(int64_t message_bytes,
                          absl::FunctionRef<absl::Status(absl::Cord)> write) {
  for (int64_t at = 0; at < message_bytes; at += kPieceBytes) {
    const absl::Status written =
        write(absl::Cord(Piece(at / kPieceBytes, std::min(kPieceBytes, message_bytes - at))));
    if (!written.ok()) return written;
  }
  return absl::OkStatus();
}

bool HoldsMessage(const MessageStore& store, int64_t message_bytes) {
  const auto held = store.FindSealed(1);
  if (!held.ok() || (*held)->committed_bytes() != message_bytes) return false;
  for (int64_t at = 0; at < message_bytes; at += kPieceBytes) {
    const int64_t size = std::min(kPieceBytes, message_bytes - at);
    const auto read = (*held)->Read(at, size);
    if (!read.ok() || *read != Piece(at / kPieceBytes, size)) return false;
  }
  return true;
}

}  // namespace

bool CutRound(const RoundOptions& options, int64_t message_bytes) {
  std::string directory =
      (std::filesystem::temp_directory_path() / "kvwire-cuts-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) return false;
  auto spool = Spool::Open(directory);
  if (!spool.ok()) return std::cout << spool.status() << std::endl, false;
  BobInProcess bob(2 * message_bytes, *std::move(spool));
  TcpProxy proxy(bob.channel);
  std::mt19937_64 random(options.seed);
  // The cuts lie in the message at random, one in each of equal parts of it.
  const int64_t part = message_bytes / (options.count + 1);
  for (int64_t k = 0; k < options.count; ++k) {
    proxy.Push({.kind = FaultKind::kReset,
                .after_bytes = part / 2 + static_cast<int64_t>(random() % (part / 2)),
                .seed = random()});
  }
  const TransferOptions transfer{.channel = proxy.endpoint(),
                                 .run_id = 1,
                                 .parameters_digest = "sixteen bytes :)",
                                 .patience = kPatience};
  const absl::Time start = absl::Now();
  Cancellation cancellation;
  auto connection = ConnectMeasured(proxy.endpoint(), kPatience, "Bob");
  absl::StatusOr<Transfer> sent = absl::UnavailableError("no connection");
  if (connection.ok()) {
    sent = TransferMessage(
        *std::move(connection), transfer,
        [&](absl::FunctionRef<absl::Status(absl::Cord)> write) {
          return WriteMessage(message_bytes, write);
        },
        cancellation);
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  const int64_t cuts = proxy.fired(FaultKind::kReset);
  const bool whole = sent.ok() && HoldsMessage(bob.store, message_bytes);
  std::cout << absl::StrFormat("%d bytes over a link cut %d times, in %.1f s: %s\n",
                               message_bytes, cuts, seconds,
                               whole ? "whole" : sent.status().ToString());
  int64_t resent = 0;
  if (sent.ok()) {
    resent = sent->ledger.resent_bytes();
    std::cout << absl::StrFormat(
        "  %d connections; sent again: %d bytes, %.2f MiB a cut (allowed: %d)\n",
        sent->ledger.connections_size(), resent,
        cuts == 0 ? 0.0 : static_cast<double>(resent) / static_cast<double>(cuts) / (1 << 20),
        kMostResentBytes >> 20);
  }
  std::cout << std::flush;
  std::filesystem::remove_all(directory);
  return whole && cuts == options.count && resent <= cuts * kMostResentBytes;
}

}  // namespace kvwire
