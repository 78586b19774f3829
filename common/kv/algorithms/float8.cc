// Sections: a code a number of the keys, then of the values.

#include <memory>
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
// one, that one. There is one zero.
uint32_t NearestCode(float number) {
  const uint32_t below = RoundDown(kFormat, number);
  const uint32_t above = RoundUp(kFormat, number);
  const double to_below = double{number} - double{SmallFloatValue(kFormat, below)};
  const double to_above = double{SmallFloatValue(kFormat, above)} - double{number};
  if (to_below == to_above) return below % 2 == 0 ? below : above;
  return to_below < to_above ? below : above;
}

class Float8Codec : public RowCodec {
 public:
  explicit Float8Codec(int64_t width) : width_(width) {}

  std::vector<CodeField> fields() const override {
    return {{SectionContent::kCodes, width_ * kCodeBits, kCodeBits, width_}};
  }

  void Encode(const Matrix& rows, absl::Span<PackedBits* const> out) const override {
    for (int64_t j = 0; j < width_; ++j) out[0]->Put(NearestCode(rows(0, j)), kCodeBits);
  }

  absl::Status CheckField(size_t /*field*/, const PackedBits& bits) const override {
    for (int64_t i = 0; i < bits.bits(); i += kCodeBits) {
      const auto code = static_cast<uint32_t>(bits.Get(i, kCodeBits));
      if (!IsFiniteCode(kFormat, code)) return absl::DataLossError("a code is not a number");
      if (code == kNegativeZero) return absl::DataLossError("a code is a negative zero");
    }
    return absl::OkStatus();
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
