#ifndef KVWIRE_CLIENT_CLAIM_VERDICT_H_
#define KVWIRE_CLIENT_CLAIM_VERDICT_H_

// Whether an algorithm's claim of its state and the length of its snapshot agree.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvwire {

// What an algorithm says of its state, and the bytes that it wrote of it.
struct StateClaim {
  int64_t state_bits = 0;
  int64_t section_count = 1;  // outside 1 .. 64: the nearest of them
  int64_t snapshot_bytes = 0;
  std::string who = "Alice's algorithm";  // of whom the sentence is
};

// Returns what is wrong with a claim, "claims a state of ..", or nothing if the snapshot is
// neither shorter than the claim nor longer than the claim, 64 bytes of container and 16
// bytes a section explain.
std::optional<std::string> ClaimFault(const StateClaim& claim);

// Appends a sentence on Alice's algorithm if its claim has a fault.
void JudgeClaim(const StateClaim& claim, std::vector<std::string>& reasons);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_CLAIM_VERDICT_H_
