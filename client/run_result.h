#ifndef KVWIRE_CLIENT_RUN_RESULT_H_
#define KVWIRE_CLIENT_RUN_RESULT_H_

// Everything that one run measured, and what follows from it.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/attention/decodability.h"
#include "common/base/bit_vector.h"
#include "common/reduction/parameters.h"
#include "common/waterfall/byte_counts.h"
#include "kvwire/v1/ledger.pb.h"

namespace kvwire {

// One bit that Bob was asked for, unmasked.
struct AskedBit {
  int64_t position = 0;
  bool bit = false;
  bool correct = false;
};

struct RunResult {
  uint64_t run_id = 0;
  PublicParameters parameters;
  bool masked = true;

  // Bob's answers, unmasked: to what was asked, and the audit of all L d positions.
  bool asked_all = true;
  std::vector<AskedBit> asked;  // empty if all were asked
  int64_t asked_bits = 0;
  int64_t asked_errors = 0;
  BitVector audit;
  int64_t bit_errors = 0;
  // Whether the frame lets Bob read every bit off float32 attention; measured only where
  // bits are wrong.
  std::optional<Decodability> decodability;
  // How many queries the audit asked, and how many bits of rows asked again came out
  // otherwise than the first time.
  int64_t query_count = 0;
  int64_t changed_bits = 0;
  // What Bob's bits and his confidence in them prove (common/reduction/soft_floor.h).
  double soft_floor_bits = 0;

  // The algorithm's claims.
  int64_t state_bits = 0;
  int64_t section_count = 1;
  uint64_t alice_process_id = 0;
  uint64_t bob_process_id = 0;

  // The books of both ends.
  v1::ChannelLedger alice;
  v1::ChannelLedger bob;
  std::string alice_sha256;  // raw
  std::string bob_sha256;
  std::optional<int64_t> payload_bytes;  // if the payload is a file, its length
  std::optional<int64_t> heard_bytes;    // what Bob heard of it

  // What each byte of the connection was for, or why that is not known; absent if nobody
  // asked.
  std::optional<absl::StatusOr<ConnectionBytes>> waterfall;

  // The most memory that each process of the command's own ever had, by name.
  std::vector<std::pair<std::string, int64_t>> peak_memory;

  double ingest_seconds = 0;
  // Snapshot and transfer go hand in hand: `snapshot_seconds` of `transfer_seconds` Alice
  // waited for her algorithm; and so of restoring and attending, at Bob's.
  double snapshot_seconds = 0;
  double transfer_seconds = 0;
  double restore_seconds = 0;
  double attend_seconds = 0;
  double total_seconds = 0;

  // Sums over the connections of one end.
  static int64_t SentBytes(const v1::ChannelLedger& ledger);
  static int64_t ReceivedBytes(const v1::ChannelLedger& ledger);
  static int64_t RetransmittedBytes(const v1::ChannelLedger& ledger);

  // "Wire bytes": the kernel's count of all that Alice sent, first transmissions.
  int64_t wire_bytes() const { return SentBytes(alice); }
  int64_t floor_bits() const;
};

// Returns INTERNAL, naming the end at fault, if its books hold a number beyond 2^48 or
// more than 1000 connections: no service counts so far, and sums could overflow.
absl::Status CheckBooks(const RunResult& result);

// The same of two ledgers and a claim alone.
absl::Status CheckBooks(const v1::ChannelLedger& alice, const v1::ChannelLedger& bob,
                        int64_t state_bits);

// + 5 bytes a message: the layer between Protocol Buffers and HTTP/2.
int64_t GrpcBytes(const v1::ChannelLedger& ledger);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RUN_RESULT_H_
