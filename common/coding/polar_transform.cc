#include "common/coding/polar_transform.h"

namespace kvwire {
namespace {

// Positions whose bit log2(1), log2(2), ... log2(32) is 0.
constexpr uint64_t kLowHalves[] = {0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f,
                                   0x00ff00ff00ff00ff, 0x0000ffff0000ffff, 0x00000000ffffffff};

void TransformWords(int64_t block, absl::Span<uint64_t> words) {
  if (block >= 64) {
    for (uint64_t& word : words) {
      uint64_t w = word;
      for (int level = 0; level < 6; ++level) w ^= w >> (1 << level) & kLowHalves[level];
      word = w;
    }
    return;
  }
  for (int level = 0; 1 << level < block; ++level) {
    words[0] ^= words[0] >> (1 << level) & kLowHalves[level];
  }
}

// Halves first: what fits the nearest cache is done there.
void TransformHalves(absl::Span<uint64_t> words) {
  if (words.size() == 1) return;
  const size_t half = words.size() / 2;
  TransformHalves(words.first(half));
  TransformHalves(words.last(half));
  uint64_t* const low = words.data();
  const uint64_t* const high = low + half;
  for (size_t i = 0; i < half; ++i) low[i] ^= high[i];
}

}  // namespace

void PolarTransform(int64_t block, absl::Span<uint64_t> words) {
  TransformWords(block, words);
  TransformHalves(words);
}

}  // namespace kvwire
