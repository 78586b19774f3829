#ifndef KVWIRE_COMMON_KV_EVICTABLE_TOKENS_H_
#define KVWIRE_COMMON_KV_EVICTABLE_TOKENS_H_

// The tokens that an evicting cache holds, and the sections that say what is left of them
// once its policy has decided (evicting_cache.h lists them). Number is float or
// Eigen::half. Thread-compatible.

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/attention/softmax_attention.h"
#include "common/kv/bits_section.h"
#include "common/kv/counter_section.h"
#include "common/kv/eviction_policy.h"
#include "common/kv/kv_cache.h"
#include "common/kv/packed_bits.h"
#include "common/kv/recent_queries.h"
#include "common/kv/snapshot_section.h"
#include "common/kv/token_rows.h"

namespace kvwire {

template <typename Number>
class EvictableTokens {
 public:
  // `policy` must outlive it.
  EvictableTokens(const CacheSetup& setup, const EvictionPolicy& policy);

  int64_t tokens() const { return tokens_; }  // of the stream
  int64_t zeros() const { return zeros_; }    // of these, the zero ones
  int64_t rows() const { return rows_.rows(); }
  void VisitRows(BlockVisitor visitor) const { rows_.VisitBlocks(visitor); }
  const PackedBits& notes() const { return notes_; }  // of the first rows
  const RecentQueries& recent() const { return recent_; }

  // OK, or RESOURCE_EXHAUSTED if `rows` rows and `queries` queries of a scale, `tokens`
  // tokens into the stream, do not fit into the memory limit.
  absl::Status CheckMemoryOf(int64_t rows, int64_t queries, int64_t tokens) const;

  // Appends a block, checked, of which the tokens `stored` are rows.
  void Append(const TokenBlock& block, absl::Span<const int64_t> stored);

  // Evicts all but the survivors, in place.
  void Evict(Survivors survivors);

  // As of KvCache, with all but the survivors evicted.
  std::vector<SnapshotSection> Sections(const Survivors& survivors) const;
  absl::Status WriteSection(size_t index, const Survivors& survivors, ByteSink sink) const;

  absl::Status BeginSection(int64_t tokens, SnapshotSection section);
  absl::Status RestoreBytes(std::string_view piece);
  absl::Status EndRestore();

 private:
  enum class Part { kRows, kCounters, kNotes, kQueries, kQueryFlags };

  static std::vector<Part> PartsOf(const EvictionPolicy& policy);

  int64_t RowBytes() const { return TokenRows<Number>::RowBytes(width_); }
  SnapshotSection NoteSection(int64_t rows) const;
  absl::Status BeginRows(const SnapshotSection& section);
  absl::Status BeginNotes(const SnapshotSection& section);
  absl::Status TakeRow(std::string_view bytes);
  absl::Status TakeCounter();
  absl::Status EndSection();

  const EvictionPolicy* policy_;
  int64_t dims_;
  int64_t width_;
  int64_t memory_limit_bytes_;
  std::vector<Part> parts_;  // the sections, in order
  int64_t tokens_ = 0;
  int64_t zeros_ = 0;
  TokenRows<Number> rows_;
  PackedBits notes_;
  RecentQueries recent_;

  size_t begun_ = 0;  // sections, while restoring
  RowSection row_section_;
  CounterSection counter_section_;
  BitsSection note_section_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_EVICTABLE_TOKENS_H_
