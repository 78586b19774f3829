#ifndef KVWIRE_SERVER_BOB_DECODE_H_
#define KVWIRE_SERVER_BOB_DECODE_H_

// Bob at work: a sealed message and a question become bits.

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/bit_vector.h"
#include "common/reduction/parameters.h"
#include "common/wire/algorithm_client.h"
#include "common/wire/cancellation.h"
#include "server/bob_message.h"

namespace kvwire {

struct DecodedRows {
  BitVector bits;  // [rows, d]
  int64_t replays = 0;
  uint64_t process_id = 0;
};

// Reads the given rows from the message: for each group of n^2 rows a fresh restore
// of the algorithm, n^2 zero tokens, one query a row. Blocks. Errors as documented
// at BobService.Decode.
absl::StatusOr<DecodedRows> DecodeMessageRows(const AlgorithmClient& algorithm,
                                              const ReceivedMessage& message,
                                              const PublicParameters& parameters,
                                              const std::vector<int64_t>& rows,
                                              int64_t memory_limit_bytes,
                                              Cancellation& cancellation);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_DECODE_H_
