#ifndef KVWIRE_COMMON_KV_RECENT_QUERIES_H_
#define KVWIRE_COMMON_KV_RECENT_QUERIES_H_

// The last queries of a stream, whatever they are, and two bits about the token of each:
// whether it is a row (not zero), and whether it closes its scale. That tells what each
// query could see: everything up to the end of its own scale.
//
// Two sections: the queries, oldest first, at binary32, and the two bits of each, the row's
// lowest. Thread-compatible.

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/matrix.h"
#include "common/kv/bits_section.h"
#include "common/kv/kv_cache.h"
#include "common/kv/packed_bits.h"
#include "common/kv/token_rows.h"

namespace kvwire {

class RecentQueries {
 public:
  static constexpr size_t kSections = 2;

  // Keeps the last `capacity` queries [d], at least 0.
  RecentQueries(int64_t capacity, int64_t dims) : capacity_(capacity), dims_(dims) {}

  int64_t capacity() const { return capacity_; }
  int64_t size() const { return static_cast<int64_t>(entries_.size()); }
  int64_t BytesEach() const { return dims_ * int64_t{sizeof(float)} + int64_t{sizeof(Entry)}; }

  // Takes the queries of a block, of whose tokens `stored` (increasing) are rows.
  // O(capacity d) however many tokens there are.
  void Append(const TokenBlock& block, absl::Span<const int64_t> stored);
  void CloseScale() { ++scale_; }

  Matrix Queries() const;  // [size(), d], oldest first

  // How many tokens came in later scales than query i, by what they are.
  struct Later {
    int64_t rows = 0;
    int64_t zeros = 0;
  };
  std::vector<Later> LaterTokens() const;  // [size()]

  // The sections with the newest scale closed, as of KvCache.
  std::vector<SnapshotSection> Sections() const;
  absl::Status WriteSection(size_t index, ByteSink sink) const;

  // Restoring: both sections in order, each begun, filled and ended. `tokens`, of which
  // `rows` are kept and `zeros` are zero, are the stream's. Errors as KvCache::BeginSection.
  absl::Status BeginSection(size_t index, SnapshotSection section, int64_t tokens);
  absl::Status RestoreBytes(std::string_view piece);
  absl::Status EndSection(int64_t tokens, int64_t rows, int64_t zeros);

 private:
  struct Entry {
    std::vector<float> query;  // [d]
    bool is_row = false;
    int64_t scale = 0;
  };

  int64_t RowBytes() const { return dims_ * int64_t{sizeof(float)}; }
  PackedBits Flags() const;
  absl::Status TakeFlags(int64_t tokens, int64_t rows, int64_t zeros);

  int64_t capacity_;
  int64_t dims_;
  int64_t scale_ = 0;  // the number of the next token's scale
  std::deque<Entry> entries_;

  size_t restoring_ = 0;
  RowSection query_section_;
  BitsSection flag_section_;
  PackedBits restored_flags_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_RECENT_QUERIES_H_
