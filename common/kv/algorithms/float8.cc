// Sections: a code a number of the keys, then of the values.

#include <algorithm>
#include <bit>
#include <memory>
#include <string_view>
#include <vector>

#include "common/kv/coded_cache.h"
#include "common/kv/registry.h"
#include "common/kv/row_codec.h"
#include "common/kv/small_float.h"

namespace kvwire {
namespace {

constexpr SmallFloat kFormat = SmallFloat::kE4M3;
constexpr int kCodeBits = SmallFloatBits(kFormat);
constexpr uint32_t kNegativeZero = 0x80;

// The nearest number of the format, of two the one with the even code; past the largest
// one, that one. There is one zero. What is at least 2^-6 is rounded by integers, what is less
// by the sum with a number whose last bit is 2^-9.
uint8_t NearestCode(float number) {
  constexpr uint32_t kLargest = 0x7e;
  constexpr uint32_t kLeastNormal = 121U << 23;
  constexpr float kRounder = 0x1p14F;
  const uint32_t size = std::bit_cast<uint32_t>(number) & 0x7fffffffU;
  const uint32_t odd = size >> 20 & 1;
  const uint32_t normal = (size - (120U << 23) + 0x7ffff + odd) >> 20;
  const uint32_t small = std::bit_cast<uint32_t>(std::bit_cast<float>(size) + kRounder) -
                         std::bit_cast<uint32_t>(kRounder);
  const uint32_t nearest = size < kLeastNormal ? small : normal;
  const uint32_t code = nearest < kLargest ? nearest : kLargest;
  const uint32_t sign = code == 0 ? 0 : std::bit_cast<uint32_t>(number) >> 24 & kNegativeZero;
  return static_cast<uint8_t>(code | sign);
}

class Float8Codec : public RowCodec {
 public:
  explicit Float8Codec(int64_t width) : width_(width) {}

  std::vector<CodeField> fields() const override {
    return {{SectionContent::kCodes, width_ * kCodeBits, kCodeBits, width_}};
  }

  void Encode(const Matrix& rows, absl::Span<PackedBits* const> out) const override {
    std::vector<uint8_t> codes(static_cast<size_t>(width_));
    std::transform(rows.data(), rows.data() + width_, codes.begin(), NearestCode);
    out[0]->PutAll(codes, kCodeBits);
  }

  absl::Status CheckField(size_t /*field*/, const PackedBits& bits) const override {
    return bits.Write([](std::string_view codes) {
      for (const char byte : codes) {
        const auto code = static_cast<uint8_t>(byte);
        if (!IsFiniteCode(kFormat, code)) return absl::DataLossError("a code is not a number");
        if (code == kNegativeZero) return absl::DataLossError("a code is a negative zero");
      }
      return absl::OkStatus();
    });
  }

  void Decode(absl::Span<BitReader> in, Eigen::Ref<Matrix> rows) const override {
    for (int64_t j = 0; j < width_; ++j) {
      rows(0, j) = SmallFloatValue(kFormat, static_cast<uint32_t>(in[0].Take(kCodeBits)));
    }
  }

 private:
  int64_t width_;
};

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  return CodedCache::Create(setup, std::make_unique<Float8Codec>(setup.row_width()),
                            std::make_unique<Float8Codec>(setup.row_width()));
}

}  // namespace

KvAlgorithm DescribeFloat8() {
  return {.name = "float8",
          .code = 27,
          .kind = AlgorithmKind::kQuantizer,
          .summary = "every key and value at 8 bits, 4 of them exponent (E4M3), no scales",
          .reference = "OCP 8-bit floating point; vLLM's kv_cache_dtype fp8, scales 1",
          .state_bits = "16 n d",
          .create = Create};
}

}  // namespace kvwire
