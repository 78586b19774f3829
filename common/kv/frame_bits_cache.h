#ifndef KVWIRE_COMMON_KV_FRAME_BITS_CACHE_H_
#define KVWIRE_COMMON_KV_FRAME_BITS_CACHE_H_

// The caches that meet the floor: the keys are the public frame's, so they are regenerated,
// and a value in {0, 1} (or +-1, as the setup says) is one bit. The second factors of tensor
// attention must be all ones. Zero tokens are only counted. Row t is the t-th token that is
// not. How the bits are kept is the affair of what derives from this.

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/attention/key_frame.h"
#include "common/base/matrix.h"
#include "common/kv/packed_bits.h"
#include "common/kv/row_cache.h"
#include "common/kv/unwritten_allocator.h"

namespace kvwire {

class FrameBitsCache : public RowCache {
 public:
  // Returns FAILED_PRECONDITION without a frame, naming the algorithm, and RESOURCE_EXHAUSTED
  // if the bits of the whole frame and `work_bytes` besides are over the memory limit: no
  // state is larger, so that no later check is due.
  static absl::Status CheckSetup(const CacheSetup& setup, int64_t work_bytes);

  absl::Status Append(const TokenBlock& block) final;
  void VisitRows(BlockVisitor visitor) const final;
  int64_t ZeroRows() const final { return tokens_ - rows(); }
  int64_t tokens() const final { return tokens_; }

 protected:
  // `setup` has a frame.
  explicit FrameBitsCache(const CacheSetup& setup);

  int64_t dims() const { return setup().dims; }
  int64_t frame_rows() const { return frame_.rows(); }
  void set_tokens(int64_t tokens) { tokens_ = tokens; }  // while restoring

  // The rows that are kept.
  virtual int64_t rows() const = 0;
  // Takes the bits [d] of the next row, of which there are at most frame_rows().
  virtual void TakeRow(absl::Span<const uint8_t> bits) = 0;

  using BitsVisitor = absl::FunctionRef<void(const PackedBits&)>;
  // Visits the bits of all rows, in order, in pieces of whole rows. From several threads.
  virtual void VisitBits(BitsVisitor visitor) const = 0;

 private:
  using Bits = std::vector<uint8_t, UnwrittenAllocator<uint8_t>>;
  // The bits [stored, d] of a block, or what is wrong with it.
  absl::StatusOr<Bits> BitsOf(const TokenBlock& block) const;
  // Whether its tokens, no more than the frame's keys that are left, carry these and bits,
  // which it writes to `bits`. Then none is zero, and nothing else need be asked of them.
  bool FollowsFrame(const TokenBlock& block, Bits& bits) const;
  absl::Status CheckKeys(const TokenBlock& block, const std::vector<int64_t>& stored) const;
  // The bits [stored, d] of the values, or INVALID_ARGUMENT if one is none.
  absl::StatusOr<Bits> BitsOf(const TokenBlock& block,
                              const std::vector<int64_t>& stored) const;
  absl::Status NoBit(int64_t row, int64_t column, float value) const;
  // The keys of rows first .. first + keys.rows() - 1 [count, w].
  void FillKeys(int64_t first, Eigen::Ref<Matrix> keys) const;
  // Their values; row t of `bits` is the first of them.
  void FillValues(const PackedBits& bits, int64_t t, Eigen::Ref<Matrix> values) const;
  // Row t of `bits` is row first + t.
  void VisitPiece(int64_t first, const PackedBits& bits, BlockVisitor visitor) const;

  int64_t block_rows_;
  KeyFrame frame_;
  int64_t tokens_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_FRAME_BITS_CACHE_H_
