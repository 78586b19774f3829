#include "common/coding/binary_rans.h"

#include "common/base/little_endian.h"

namespace kvwire {
namespace {

constexpr int kProbabilityBits = 16;
constexpr int kWordBits = 8 * static_cast<int>(kRansWordBytes);
constexpr uint64_t kOne = uint64_t{1} << kProbabilityBits;

// The part of [0, 2^16) that stands for a decision.
struct Interval {
  uint64_t begin;
  uint64_t size;
};

Interval IntervalOf(uint32_t probability, bool one) {
  return one ? Interval{0, probability} : Interval{probability, kOne - probability};
}

}  // namespace

void EncodeRansBlock(const std::vector<Decision>& block, std::string& out) {
  uint64_t state = RansDecoder::kInitial;
  std::vector<uint16_t> words;
  for (size_t i = block.size(); i-- > 0;) {
    const auto [begin, size] = IntervalOf(block[i].probability, block[i].one);
    // The step below would leave the range of the state: a word first.
    if (state >= RansDecoder::kInitial * size) {
      words.push_back(static_cast<uint16_t>(state));
      state >>= kWordBits;
    }
    state = (state / size << kProbabilityBits) + state % size + begin;
  }
  for (size_t i = 0; i < kRansStateBytes; ++i) {
    out.push_back(static_cast<char>(state >> 8 * i & 255));
  }
  for (size_t i = words.size(); i-- > 0;) AppendLittleEndian(words[i], out);
}

bool RansDecoder::Begin(const char* bytes) {
  state_ = 0;
  for (size_t i = 0; i < kRansStateBytes; ++i) {
    state_ |= uint64_t{static_cast<uint8_t>(bytes[i])} << 8 * i;
  }
  return state_ >= kInitial;
}

bool RansDecoder::Take(uint32_t probability) {
  const uint64_t slot = state_ % kOne;
  const bool one = slot < probability;
  const auto [begin, size] = IntervalOf(probability, one);
  state_ = size * (state_ >> kProbabilityBits) + slot - begin;
  return one;
}

void RansDecoder::TakeWord(const char* bytes) {
  state_ = state_ << kWordBits | LoadLittleEndian<uint16_t>(bytes);
}

}  // namespace kvwire
