#ifndef KVWIRE_COMMON_KV_ALGORITHMS_COUNT_SECTION_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_COUNT_SECTION_H_

// A section that says how many tokens are in each of some disjoint groups: counters, each
// in as many bits as the number of all tokens of the stream takes.

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/kv/bits_section.h"
#include "common/kv/kv_cache.h"
#include "common/kv/packed_bits.h"
#include "common/kv/snapshot_section.h"

namespace kvwire {

// ceil(log2(tokens + 1)), the bits of one counter of a stream of `tokens`.
int CountBits(int64_t tokens);

SnapshotSection CountSectionOf(size_t groups, int64_t tokens);

// The bits of the counters; each is at most `tokens`.
PackedBits PackCounts(const std::vector<int64_t>& counts, int64_t tokens);

// The counter of a group that may be empty: none if it is.
std::vector<int64_t> CountIfAny(int64_t count);

// The reading side.
class CountSection {
 public:
  // Returns DATA_LOSS unless the section is one of whole counters, not more of them than
  // tokens, nor than `most_groups`.
  absl::Status Begin(int64_t tokens, SnapshotSection section, int64_t most_groups);
  int64_t groups() const { return groups_; }  // announced

  absl::Status Append(std::string_view piece) { return section_.Append(piece, bits_); }

  // Returns the counters, or DATA_LOSS if bytes are missing, a group is empty, or there
  // are more tokens in all than in the stream.
  absl::StatusOr<std::vector<int64_t>> End();
  // The only counter, or 0 if there is none: the inverse of CountIfAny.
  absl::StatusOr<int64_t> EndOnly();

 private:
  int64_t tokens_ = 0;
  int64_t groups_ = 0;
  BitsSection section_;
  PackedBits bits_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_COUNT_SECTION_H_
