// Sections: codes of the keys, channel by channel, and the scales of their blocks, then the
// same of the values (ScaledBlockCodec).

#include <cmath>

#include "common/kv/algorithms/scaled_block_codec.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

// Whole numbers from -127 to 127: the largest size in a block is 127 scales.
struct Q8Format {
  static constexpr int kCodeBits = 8;

  static float Scale(absl::Span<const float> block) {
    float largest = 0;
    for (const float number : block) largest = std::max(largest, std::abs(number));
    return largest / 127;
  }

  // Halves go away from zero. In two's complement.
  static uint32_t Code(float number, float inverse) {
    const double units = number * inverse;
    return static_cast<uint8_t>(static_cast<int>(units < 0 ? units - 0.5 : units + 0.5));
  }

  static int Units(uint32_t code) { return static_cast<int8_t>(code); }
};

}  // namespace

KvAlgorithm DescribeQ8_0() {
  return {.name = "q8_0",
          .code = 6,
          .kind = AlgorithmKind::kQuantizer,
          .summary = "blocks of 32 channels: 8-bit codes, one binary16 scale",
          .reference = "llama.cpp, ggml-quants.c: block_q8_0",
          .state_bits = "2 n (8 d + 16 ceil(d / 32))",
          .create = ScaledBlockCodec<Q8Format>::CreateCache};
}

}  // namespace kvwire
