#ifndef KVWIRE_COMMON_KV_PACKED_BITS_H_
#define KVWIRE_COMMON_KV_PACKED_BITS_H_

// A growing sequence of bits, lowest first in each byte, in pieces of kMaxPieceBytes:
// growing never copies what is there. Bits past the end are zero. Const calls may run
// at once, others need exclusion.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/kv/kv_cache.h"

namespace kvwire {

class PackedBits {
 public:
  // The most bits of one Put or Get.
  static constexpr int kMaxWidth = 57;

  int64_t bits() const { return bits_; }

  // Appends the `width` lowest bits of `value`, whose other bits are 0. 0 <= width <=
  // kMaxWidth.
  void Put(uint64_t value, int width);

  // Put() of each of `values`, below 2^width, in order; faster. 1 <= width <= 8.
  void PutAll(absl::Span<const uint8_t> values, int width);

  // Appends all bits of `other`.
  void Append(const PackedBits& other);

  // Bits position .. position + width - 1, the first one lowest. They must exist.
  uint64_t Get(int64_t position, int width) const;

  // Appends whole bytes; bits() must be a multiple of 8. Truncate() ends a sequence. Of
  // `expected` bytes, those that come later among them, a piece takes its memory at once.
  void AppendBytes(std::string_view bytes, int64_t expected = 0);

  // Drops the bits from position `bits` on, at most bits(). False if one of them was set.
  bool Truncate(int64_t bits);

  // Hands all bytes to `sink`; returns its first error.
  absl::Status Write(ByteSink sink) const;

 private:
  static constexpr int64_t kPieceBits = 8 * kMaxPieceBytes;

  // Drops the last bits % 8 bits and returns them, so that whole bytes can follow.
  uint64_t TakePartialByte();

  int64_t bits_ = 0;
  std::vector<std::string> pieces_;
};

// Reads a PackedBits, which must outlive it, from a position on.
class BitReader {
 public:
  BitReader(const PackedBits& bits, int64_t position) : bits_(&bits), position_(position) {}

  uint64_t Take(int width) {
    const uint64_t value = bits_->Get(position_, width);
    position_ += width;
    return value;
  }

 private:
  const PackedBits* bits_;
  int64_t position_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_PACKED_BITS_H_
