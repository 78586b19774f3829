#include "common/coding/polar_transform.h"

#include <bit>

namespace kvwire {
namespace {

// Positions whose bit log2(1), log2(2), ... log2(32) is 0.
constexpr uint64_t kLowHalves[] = {0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f,
                                   0x00ff00ff00ff00ff, 0x0000ffff0000ffff, 0x00000000ffffffff};

// The levels within words, of which a block has 6 if it has so many.
void TransformWord(int levels, uint64_t& word) {
  for (int level = 0; level < levels; ++level)
    word ^= word >> (1 << level) & kLowHalves[level];
}

template <size_t Half>
void XorHalves(uint64_t* words) {
  for (size_t i = 0; i < Half; ++i) words[i] ^= words[i + Half];
}

// All levels of eight words, which fit the registers.
void TransformEight(uint64_t* words) {
  for (int i = 0; i < 8; ++i) {
    uint64_t word = words[i];
    TransformWord(6, word);
    words[i] = word;
  }
  for (int i = 0; i < 8; i += 2) XorHalves<1>(words + i);
  for (int i = 0; i < 8; i += 4) XorHalves<2>(words + i);
  XorHalves<4>(words);
}

// Halves first: what fits the nearest cache is done there.
void TransformWords(absl::Span<uint64_t> words) {
  if (words.size() == 8) {
    TransformEight(words.data());
    return;
  }
  if (words.size() == 1) {
    TransformWord(6, words[0]);
    return;
  }
  const size_t half = words.size() / 2;
  TransformWords(words.first(half));
  TransformWords(words.last(half));
  uint64_t* const low = words.data();
  const uint64_t* const high = low + half;
  for (size_t i = 0; i < half; ++i) low[i] ^= high[i];
}

}  // namespace

void PolarTransform(int64_t block, absl::Span<uint64_t> words) {
  if (block < 64) {
    TransformWord(std::countr_zero(static_cast<uint64_t>(block)), words[0]);
  } else {
    TransformWords(words);
  }
}

}  // namespace kvwire
