#ifndef KVWIRE_TESTS_CHAOS_ROUNDS_H_
#define KVWIRE_TESTS_CHAOS_ROUNDS_H_

// The rounds of faults. Each prints what struck and how runs ended, and returns whether all
// was as it should be.

#include <cstdint>

#include "absl/time/time.h"

namespace kvwire {

struct RoundOptions {
  int64_t count = 0;  // of faults
  uint64_t seed = 1;
  absl::Duration limit = absl::InfiniteDuration();
};

// Kills processes with SIGKILL while runs are under way: half of them where a chunk ends, the
// others at any time, each party in turn.
bool KillRound(const RoundOptions& options);

// Faults of all kinds on the connection between Alice and Bob.
bool NetworkRound(const RoundOptions& options);

// Flips `count` bits, spread evenly (0: every one), of what crosses the connection of a
// message of 4 KiB, in both directions, one a transfer.
bool ConnectionFlipRound(const RoundOptions& options);

// Flips bits of the chunks of a message of 1 MiB, one a time, against Bob's channel handler
// in this process.
bool ChunkFlipRound(const RoundOptions& options);

// Sends a message of `message_bytes` over a link that is cut `count` times.
bool CutRound(const RoundOptions& options, int64_t message_bytes);

// Makes `count` small runs, without faults, and compares memory, descriptors and threads of
// the services before and after.
bool SoakRound(const RoundOptions& options);

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CHAOS_ROUNDS_H_
