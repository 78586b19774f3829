#ifndef KVWIRE_COMMON_KV_EVICTION_POLICY_H_
#define KVWIRE_COMMON_KV_EVICTION_POLICY_H_

// Which tokens an EvictingCache keeps when a scale closes. Tokens whose key and value are
// zero are counted, never evicted, and take no place in a budget; a row is any other token.

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "common/attention/softmax_attention.h"
#include "common/kv/packed_bits.h"
#include "common/kv/recent_queries.h"
#include "common/kv/scale_tokens.h"
#include "common/kv/snapshot_section.h"

namespace kvwire {

// What is held when a scale closes.
struct HeldTokens {
  int64_t tokens;           // of the stream, evicted and zero ones included
  int64_t zeros;            // of these, how many are zero
  int64_t rows;             // held, in order of arrival
  int64_t kept;             // of the rows, those from earlier scales: the first ones
  BlockSource blocks;       // visits the rows
  const PackedBits& notes;  // of the kept rows
  const ScaleTokens& scale;
  const RecentQueries& recent;
};

struct Survivors {
  // The rows that stay, increasing; absent: all of them.
  std::optional<std::vector<int64_t>> rows;
  PackedBits notes;  // of the rows that stay

  int64_t Count(int64_t held) const {
    return rows.has_value() ? static_cast<int64_t>(rows->size()) : held;
  }
};

// Immutable and thread safe: what a policy remembers is in the notes. Scores are computed
// on the portable path (portable_scores.h).
class EvictionPolicy {
 public:
  virtual ~EvictionPolicy() = default;

  // The most rows that a closed scale leaves, at least 1, and the fewest that it leaves
  // when it evicts.
  virtual int64_t most_rows() const = 0;
  virtual int64_t least_rows() const { return most_rows(); }

  // What is noted of each row, as a section of one row; none if it has no bits.
  virtual SnapshotSection note() const { return {SectionContent::kScores, 0}; }

  // Whether Close looks at the queries of the scale, and at how many recent ones of the
  // stream. Only in ordinary attention.
  virtual bool needs_scale_queries() const { return false; }
  virtual int64_t recent_queries() const { return 0; }

  // Decides at the close of a scale of at least one token. The rows left are at most
  // most_rows(), and the notes have note().bits bits for each.
  virtual Survivors Close(const HeldTokens& held) const = 0;

  // Checks restored notes, of the right length, in a stream of `tokens`: OK, or DATA_LOSS
  // on a note that no state has.
  virtual absl::Status CheckNotes(const PackedBits& /*notes*/, int64_t /*tokens*/) const {
    return absl::OkStatus();
  }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_EVICTION_POLICY_H_
