#ifndef KVWIRE_COMMON_KV_ALGORITHMS_SCALED_BLOCK_CODEC_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_SCALED_BLOCK_CODEC_H_

// The block formats of llama.cpp (ggml-quants.c): each row by itself, in blocks of 32
// consecutive numbers, which are codes times one scale in binary16. The last block of a
// row is shorter if the width is no multiple of 32.
//
// Codes and scales are those of the reference to the bit, where it is compiled without
// contraction: codes are made with the scale before it is rounded. They are laid out as
// two fields, not block by block. A block whose scale rounds to zero is zeros: its codes
// say so, where those of the reference are arbitrary.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "common/base/wide_loop.h"
#include "common/kv/coded_cache.h"
#include "common/kv/row_codec.h"
#include "common/kv/small_float.h"

namespace kvwire {

// Format has
//   kCodeBits                                of a number
//   float Scale(absl::Span<const float>)     of a block
//   uint32_t Code(float number, float inverse_of_the_scale)
//   absl::Status CheckCodes(const PackedBits&), CheckScales: OK, or DATA_LOSS on those that
//                                            are never written
//   int Units(uint32_t code)                 the number, in scales
template <typename Format>
class ScaledBlockCodec : public RowCodec {
 public:
  static constexpr int64_t kBlock = 32;

  explicit ScaledBlockCodec(int64_t width) : width_(width) {}

  static absl::StatusOr<std::unique_ptr<KvCache>> CreateCache(const CacheSetup& setup) {
    return CodedCache::Create(setup, std::make_unique<ScaledBlockCodec>(setup.row_width()),
                              std::make_unique<ScaledBlockCodec>(setup.row_width()));
  }

  std::vector<CodeField> fields() const override {
    const int64_t blocks = (width_ + kBlock - 1) / kBlock;
    return {{SectionContent::kCodes, width_ * Format::kCodeBits, Format::kCodeBits, width_},
            {SectionContent::kScales, blocks * kScaleBits, kScaleBits, blocks}};
  }

  void Encode(const Matrix& rows, absl::Span<PackedBits* const> out) const override {
    std::vector<uint8_t> codes(static_cast<size_t>(width_));
    for (int64_t first = 0; first < width_; first += kBlock) {
      const absl::Span<const float> block(
          &rows(0, first), static_cast<size_t>(std::min(kBlock, width_ - first)));
      const float scale = Format::Scale(block);
      const Eigen::half stored(scale);
      // A scale that rounds to zero may have no finite inverse.
      const float inverse = stored == Eigen::half(0) ? 0 : 1 / scale;
      RunWide(
          [](const float* numbers, size_t count, float factor, uint8_t* to) KVWIRE_WIDE {
            for (size_t i = 0; i < count; ++i) {
              to[i] = static_cast<uint8_t>(Format::Code(numbers[i], factor));
            }
          },
          block.data(), block.size(), inverse, codes.data() + first);
      out[1]->Put(Eigen::numext::bit_cast<uint16_t>(stored), kScaleBits);
    }
    out[0]->PutAll(codes, Format::kCodeBits);
  }

  // What no encoder writes would be a second spelling.
  absl::Status CheckField(size_t field, const PackedBits& bits) const override {
    return field == 0 ? Format::CheckCodes(bits) : Format::CheckScales(bits);
  }

  void Decode(absl::Span<BitReader> in, Eigen::Ref<Matrix> rows) const override {
    for (int64_t first = 0; first < width_; first += kBlock) {
      const float scale = SmallFloatValue(SmallFloat::kBinary16,
                                          static_cast<uint32_t>(in[1].Take(kScaleBits)));
      const int64_t end = std::min(first + kBlock, width_);
      for (int64_t j = first; j < end; ++j) {
        const auto code = static_cast<uint32_t>(in[0].Take(Format::kCodeBits));
        rows(0, j) = static_cast<float>(Format::Units(code)) * scale;
      }
    }
  }

 private:
  static constexpr int kScaleBits = 16;

  int64_t width_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_SCALED_BLOCK_CODEC_H_
