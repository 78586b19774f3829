#include "common/base/bit_vector.h"

#include <bit>
#include <cassert>

#include "common/base/little_endian.h"

namespace kvwire {
namespace {

size_t BytesFor(int64_t size_bits) { return static_cast<size_t>((size_bits + 7) / 8); }

}  // namespace

BitVector::BitVector(int64_t size_bits)
    : size_bits_(size_bits), bytes_(BytesFor(size_bits), '\0') {
  assert(size_bits >= 0);
}

BitVector BitVector::FromBytes(std::string_view bytes, int64_t size_bits) {
  BitVector result(size_bits);
  bytes.copy(result.bytes_.data(), result.bytes_.size());
  // Equality and Distance compare whole bytes, so the tail must stay zero.
  if (const int used = static_cast<int>(size_bits % 8); used != 0) {
    const int mask = (1 << used) - 1;
    result.bytes_.back() = static_cast<char>(result.bytes_.back() & mask);
  }
  return result;
}

bool BitVector::Get(int64_t position) const {
  assert(position >= 0 && position < size_bits_);
  const int byte = static_cast<unsigned char>(bytes_[static_cast<size_t>(position / 8)]);
  return ((byte >> (position % 8)) & 1) != 0;
}

void BitVector::Set(int64_t position, bool value) {
  assert(position >= 0 && position < size_bits_);
  char& byte = bytes_[static_cast<size_t>(position / 8)];
  const int bit = 1 << (position % 8);
  byte = static_cast<char>(value ? byte | bit : byte & ~bit);
}

void BitVector::Xor(const BitVector& other) {
  assert(size_bits_ == other.size_bits_);
  for (size_t i = 0; i < bytes_.size(); ++i) {
    bytes_[i] = static_cast<char>(bytes_[i] ^ other.bytes_[i]);
  }
}

int64_t BitVector::Distance(const BitVector& other) const {
  assert(size_bits_ == other.size_bits_);
  int64_t distance = 0;
  size_t i = 0;
  for (; i + 8 <= bytes_.size(); i += 8) {
    distance += std::popcount(LoadLittleEndian<uint64_t>(bytes_.data() + i) ^
                              LoadLittleEndian<uint64_t>(other.bytes_.data() + i));
  }
  for (; i < bytes_.size(); ++i) {
    distance += std::popcount(static_cast<uint8_t>(bytes_[i] ^ other.bytes_[i]));
  }
  return distance;
}

}  // namespace kvwire
