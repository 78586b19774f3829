// Sections: codes of the keys, channel by channel, and the scales of their blocks, then the
// same of the values (ScaledBlockCodec).

#include <cmath>

#include "common/kv/algorithms/scaled_block_codec.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

// Codes 0 .. 15 stand for -8 .. 7 scales. The number of largest size, the first of equals,
// is -8 scales, so that the scale has the other sign.
struct Q4Format {
  static constexpr int kCodeBits = 4;

  static float Scale(absl::Span<const float> block) {
    float largest = 0;
    for (const float number : block) {
      if (std::abs(number) > std::abs(largest)) largest = number;
    }
    return largest / -8;
  }

  static uint32_t Code(float number, float inverse) {
    return std::min(15U, static_cast<uint32_t>(number * inverse + 8.5F));
  }

  static int Units(uint32_t code) { return static_cast<int>(code) - 8; }

  // Each of them is written.
  static absl::Status CheckCodes(const PackedBits& /*codes*/) { return absl::OkStatus(); }
  static absl::Status CheckScales(const PackedBits& /*scales*/) { return absl::OkStatus(); }
};

}  // namespace

KvAlgorithm DescribeQ4_0() {
  return {.name = "q4_0",
          .code = 7,
          .kind = AlgorithmKind::kQuantizer,
          .summary = "blocks of 32 channels: 4-bit codes, one signed binary16 scale",
          .reference = "llama.cpp, ggml-quants.c: block_q4_0",
          .state_bits = "2 n (4 d + 16 ceil(d / 32))",
          .create = ScaledBlockCodec<Q4Format>::CreateCache};
}

}  // namespace kvwire
