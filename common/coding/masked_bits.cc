#include "common/coding/masked_bits.h"

#include <bit>

#include "common/base/little_endian.h"

namespace kvwire {
namespace {

constexpr uint64_t kAll = ~uint64_t{0};

// The lowest `count` bits, count <= 64.
uint64_t Low(int count) { return count == 64 ? kAll : (uint64_t{1} << count) - 1; }

// Calls run(first position, length) for each run of ones.
template <typename Run>
void ForEachRun(uint64_t mask, const Run& run) {
  while (mask != 0) {
    const int first = std::countr_zero(mask);
    const int length = std::countr_one(mask >> first);
    run(first, length);
    mask &= ~(Low(length) << first);
  }
}

}  // namespace

std::string GatherBits(absl::Span<const uint64_t> words, absl::Span<const uint64_t> mask) {
  std::string packed;
  uint64_t pending = 0;
  int pending_bits = 0;
  const auto put = [&](uint64_t bits, int count) {
    pending |= bits << pending_bits;
    pending_bits += count;
    if (pending_bits < 64) return;
    AppendLittleEndian(pending, packed);
    pending_bits -= 64;
    pending = pending_bits == 0 ? 0 : bits >> (count - pending_bits);
  };
  for (size_t i = 0; i < words.size(); ++i) {
    ForEachRun(mask[i], [&](int first, int length) {
      put(words[i] >> first & Low(length), length);
    });
  }
  for (; pending_bits > 0; pending_bits -= 8, pending >>= 8) {
    packed.push_back(static_cast<char>(pending & 255));
  }
  return packed;
}

std::vector<uint64_t> ScatterBits(std::string_view packed, absl::Span<const uint64_t> mask) {
  // With a word and more of zeros behind, 64 bits can be read from wherever bits begin.
  std::string padded(packed);
  size_t ones = 0;
  for (const uint64_t word : mask) ones += static_cast<size_t>(std::popcount(word));
  padded.resize(std::max(padded.size(), ones / 8) + 16);
  std::vector<uint64_t> words(mask.size());
  size_t at = 0;
  const auto take = [&] {
    const char* const from = padded.data() + at / 8;
    const auto shift = static_cast<int>(at % 8);
    const uint64_t low = LoadLittleEndian<uint64_t>(from) >> shift;
    const uint64_t next = LoadLittleEndian<uint8_t>(from + 8);
    return shift == 0 ? low : low | next << (64 - shift);
  };
  for (size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] == 0) continue;
    uint64_t bits = take();
    uint64_t word = 0;
    ForEachRun(mask[i], [&](int first, int length) {
      word |= (bits & Low(length)) << first;
      bits = length == 64 ? 0 : bits >> length;
    });
    words[i] = word;
    at += static_cast<size_t>(std::popcount(mask[i]));
  }
  return words;
}

}  // namespace kvwire
