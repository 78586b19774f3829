#include "common/coding/masked_bits.h"

#include <bit>
#include <utility>

#include "common/base/little_endian.h"

namespace kvwire {
namespace {

constexpr uint64_t kAll = ~uint64_t{0};

// The lowest `count` bits, 1 <= count <= 64.
uint64_t Low(int count) { return kAll >> (64 - count); }

// Calls run(first position, length) for each run of ones.
template <typename Run>
void ForEachRun(uint64_t mask, const Run& run) {
  if (mask == kAll) {
    run(0, 64);
    return;
  }
  while (mask != 0) {
    const int first = std::countr_zero(mask);
    const int length = std::countr_one(mask >> first);
    run(first, length);
    mask &= ~(Low(length) << first);
  }
}

// Reads bits from a byte string, up to 64 at a time.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  // The 64 bits from the current position on, zeros past the end.
  uint64_t Peek() const {
    const size_t byte = at_ / 8;
    const auto shift = static_cast<int>(at_ % 8);
    if (byte + 9 <= bytes_.size()) {
      const uint64_t low = LoadLittleEndian<uint64_t>(bytes_.data() + byte) >> shift;
      const uint64_t next = LoadLittleEndian<uint8_t>(bytes_.data() + byte + 8);
      return low | next << 1 << (63 - shift);
    }
    uint64_t bits = 0;
    for (size_t i = byte; i < bytes_.size(); ++i) {
      const auto place = static_cast<int>(8 * (i - byte)) - shift;
      const uint64_t value = LoadLittleEndian<uint8_t>(bytes_.data() + i);
      bits |= place < 0 ? value >> -place : value << place;
    }
    return bits;
  }

  void Skip(int count) { at_ += static_cast<size_t>(count); }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
};

class BitWriter {
 public:
  void Put(uint64_t bits, int count) {
    pending_ |= bits << used_;
    used_ += count;
    if (used_ < 64) return;
    AppendLittleEndian(pending_, bytes_);
    used_ -= 64;
    pending_ = used_ == 0 ? 0 : bits >> (count - used_);
  }

  std::string Finish() {
    for (; used_ > 0; used_ -= 8, pending_ >>= 8) {
      bytes_.push_back(static_cast<char>(pending_ & 255));
    }
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
  uint64_t pending_ = 0;
  int used_ = 0;
};

}  // namespace

std::string GatherBits(absl::Span<const uint64_t> words, absl::Span<const uint64_t> mask) {
  BitWriter writer;
  for (size_t i = 0; i < words.size(); ++i) {
    ForEachRun(mask[i], [&writer, word = words[i]](int first, int length) {
      writer.Put(word >> first & Low(length), length);
    });
  }
  return writer.Finish();
}

std::vector<uint64_t> ScatterBits(std::string_view packed, absl::Span<const uint64_t> mask) {
  std::vector<uint64_t> words;
  words.reserve(mask.size());
  BitReader reader(packed);
  for (const uint64_t ones : mask) {
    uint64_t word = 0;
    ForEachRun(ones, [&reader, &word](int first, int length) {
      word |= (reader.Peek() & Low(length)) << first;
      reader.Skip(length);
    });
    words.push_back(word);
  }
  return words;
}

}  // namespace kvwire
