// Sections: codes of the keys, channel by channel, and the scales of their blocks, then the
// same of the values (ScaledBlockCodec).

#include <algorithm>
#include <bit>
#include <cmath>
#include <string_view>

#include "common/kv/algorithms/scaled_block_codec.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

// Whole numbers from -127 to 127: the largest size in a block is 127 scales.
struct Q8Format {
  static constexpr int kCodeBits = 8;

  static float Scale(absl::Span<const float> block) {
    // Of finite numbers without a sign the bits are in the order of the numbers.
    int32_t largest = 0;
    for (const float number : block) {
      largest = std::max(largest, std::bit_cast<int32_t>(number) & 0x7fffffff);
    }
    return std::bit_cast<float>(largest) / 127;
  }

  // Halves go away from zero. In two's complement.
  static uint32_t Code(float number, float inverse) {
    const double units = number * inverse;
    return static_cast<uint8_t>(static_cast<int>(units + std::copysign(0.5, units)));
  }

  static int Units(uint32_t code) { return static_cast<int8_t>(code); }

  static absl::Status CheckCodes(const PackedBits& codes) {
    return codes.Write([](std::string_view bytes) {
      if (bytes.find('\x80') == std::string_view::npos) return absl::OkStatus();
      return absl::DataLossError("a code of q8_0 is -128");
    });
  }
  static absl::Status CheckScales(const PackedBits& scales) {
    for (int64_t at = 15; at < scales.bits(); at += 16) {
      if (scales.Get(at, 1) != 0) return absl::DataLossError("a scale of q8_0 has a sign");
    }
    return absl::OkStatus();
  }
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
