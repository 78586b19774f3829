#ifndef KVWIRE_SERVER_BOB_BOB_DECODE_H_
#define KVWIRE_SERVER_BOB_BOB_DECODE_H_

// Bob at work: a sealed message and a question become bits.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/bit_vector.h"
#include "common/reduction/parameters.h"
#include "common/wire/algorithm_client.h"
#include "common/wire/cancellation.h"
#include "server/bob/bob_message.h"

namespace kvwire {

struct DecodeOptions {
  int64_t memory_limit_bytes = 0;  // of the algorithm's state; 0: its own
  bool confidences = false;        // whether they are wanted
  bool all_queries = false;        // or one a row
};

struct DecodedRows {
  BitVector bits;           // [rows, d]
  std::string confidences;  // the same, a bin a byte; empty if not wanted
  int64_t replays = 0;
  uint64_t process_id = 0;
  absl::Duration restoring;  // the time it took
  int64_t queries = 0;       // that were asked
  int64_t changed_bits = 0;  // of rows asked again
};

// What an answer about `rows` rows takes at its largest: the rows' numbers and bits, the
// queries and outputs of one replay, and the confidences.
int64_t DecodeBytes(const PublicParameters& parameters, int64_t rows, bool confidences);

// Reads the given rows from the message: for each replay a fresh restore of the
// algorithm, Bob's zero tokens, one query a row. Queries are here a message at a
// time, and so are outputs. Blocks. Errors as documented at BobService.Decode.
absl::StatusOr<DecodedRows> DecodeMessageRows(const AlgorithmClient& algorithm,
                                              const ReceivedMessage& message,
                                              const PublicParameters& parameters,
                                              const std::vector<int64_t>& rows,
                                              const DecodeOptions& options,
                                              Cancellation& cancellation);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_BOB_DECODE_H_
