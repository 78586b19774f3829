#ifndef KVWIRE_COMMON_KV_ALGORITHMS_MERGED_VECTORS_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_MERGED_VECTORS_H_

// The keys, or the values, of the tokens of two layers, in order: some whole, the others
// merged (layer_merge.h). Thread-compatible.

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/kv/algorithms/layer_merge.h"
#include "common/kv/algorithms/slot_rows.h"
#include "common/kv/bits_section.h"
#include "common/kv/kv_cache.h"
#include "common/kv/packed_bits.h"
#include "common/kv/token_rows.h"

namespace kvwire {

class MergedVectors {
 public:
  // The sections: a bit a vector, 1 if it is whole; the whole vectors, the directions, and
  // the two lengths of those that are merged, all at binary32.
  enum Part : uint8_t { kFlags, kWhole, kDirections, kLengths };
  static constexpr size_t kParts = 4;

  // The state's bits of `size` vectors of `width`, `whole` of them whole; saturating.
  static int64_t StateBits(int64_t width, int64_t size, int64_t whole);

  explicit MergedVectors(const LayerMerge& merge);

  int64_t size() const { return flags_.bits(); }
  int64_t whole() const { return whole_.rows(); }

  void Append(absl::Span<const float> vector, bool whole);

  // Goes over the vectors, which must outlive it, in order.
  class Cursor {
   public:
    explicit Cursor(const MergedVectors& vectors) : vectors_(&vectors) {}
    // Writes the next one as it comes back.
    void Next(absl::Span<float> vector);
    // Passes the next one; whether it is zero.
    bool SkipZero();

   private:
    bool TakeFlag();

    const MergedVectors* vectors_;
    int64_t flag_ = 0;
    int64_t whole_ = 0;
    int64_t merged_ = 0;
  };

  // Vectors that are still to be appended: which of them stay whole, and a call of the visitor
  // with each in order.
  struct Pending {
    const std::vector<bool>& whole;
    absl::FunctionRef<void(absl::FunctionRef<void(absl::Span<const float>)>)> visit;
  };
  // The section once they are appended.
  SnapshotSection Section(Part part, const std::vector<bool>& pending_whole) const;
  absl::Status Write(Part part, const Pending& pending, ByteSink sink) const;

  // Restoring, part by part in order: Begin, the bytes, End. Returns DATA_LOSS on what no
  // vectors are, or if not `whole_due(size)` of them are whole.
  absl::Status Begin(Part part, const SnapshotSection& section,
                     absl::FunctionRef<int64_t(int64_t)> whole_due);
  absl::Status Take(Part part, std::string_view piece);
  absl::Status End(Part part);

 private:
  SnapshotSection SectionOf(Part part, int64_t size, int64_t whole) const;
  void WriteRow(Part part, absl::Span<const float> vector, bool whole,
                absl::FunctionRef<void(absl::Span<const float>)> row) const;
  const SlotRows& RowsOf(Part part) const;

  LayerMerge merge_;
  PackedBits flags_;
  SlotRows whole_;
  SlotRows directions_;
  SlotRows lengths_;

  BitsSection flag_section_;  // while restoring
  RowSection row_section_;
  int64_t whole_due_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_MERGED_VECTORS_H_
