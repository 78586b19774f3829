#include "common/kv/algorithms/scrambled_bits.h"

#include <algorithm>
#include <string>

#include "common/base/counter_rng.h"

namespace kvwire {
namespace {

constexpr uint64_t kScrambleUse = 0x656c626d61726373;  // "scramble"
constexpr uint64_t kMaskStream = 0;
constexpr uint64_t kShiftStream = 1;

// Whole bytes of one Get or Put.
constexpr int kStep = 56;

void CopyRange(const PackedBits& from, int64_t first, int64_t count, PackedBits& to) {
  for (int64_t done = 0; done < count; done += kStep) {
    const int width = static_cast<int>(std::min<int64_t>(kStep, count - done));
    to.Put(from.Get(first + done, width), width);
  }
}

}  // namespace

BitVector CopyBits(const PackedBits& bits, int64_t first, int64_t count) {
  std::string bytes;
  bytes.reserve(static_cast<size_t>((count + kStep) / 8));
  for (int64_t done = 0; done < count; done += kStep) {
    const int width = static_cast<int>(std::min<int64_t>(kStep, count - done));
    const uint64_t piece = bits.Get(first + done, width);
    for (int byte = 0; byte < kStep; byte += 8)
      bytes.push_back(static_cast<char>(piece >> byte));
  }
  return BitVector::FromBytes(bytes, count);
}

void AppendBits(const BitVector& bits, PackedBits& out) {
  PackedBits whole;
  whole.AppendBytes(bits.bytes());
  CopyRange(whole, 0, bits.size_bits(), out);
}

ScrambledBits::ScrambledBits(uint64_t seed, int64_t block)
    : key_(CounterRng(seed, kScrambleUse).Bits(static_cast<uint64_t>(block))) {}

BitVector ScrambledBits::Mask(int64_t size_bits) const {
  const CounterRng coins(key_, kMaskStream);
  std::string bytes;
  for (int64_t word = 0; word < (size_bits + 63) / 64; ++word) {
    const uint64_t bits = coins.Bits(static_cast<uint64_t>(word));
    for (int byte = 0; byte < 64; byte += 8) bytes.push_back(static_cast<char>(bits >> byte));
  }
  return BitVector::FromBytes(bytes, size_bits);
}

// Uniform but for a part of size_bits / 2^64.
int64_t ScrambledBits::Shift(int64_t size_bits) const {
  return static_cast<int64_t>(CounterRng(key_, kShiftStream).Bits(0) %
                              static_cast<uint64_t>(size_bits));
}

BitVector ScrambledBits::Scramble(const PackedBits& bits) const {
  const int64_t shift = Shift(bits.bits());
  PackedBits turned;
  CopyRange(bits, shift, bits.bits() - shift, turned);
  CopyRange(bits, 0, shift, turned);
  BitVector word = CopyBits(turned, 0, bits.bits());
  word.Xor(Mask(bits.bits()));
  return word;
}

PackedBits ScrambledBits::Unscramble(BitVector word) const {
  const int64_t size = word.size_bits();
  const int64_t shift = Shift(size);
  word.Xor(Mask(size));
  PackedBits turned;
  turned.AppendBytes(word.bytes());
  PackedBits bits;
  CopyRange(turned, size - shift, shift, bits);
  CopyRange(turned, 0, size - shift, bits);
  return bits;
}

}  // namespace kvwire
