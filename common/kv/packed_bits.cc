#include "common/kv/packed_bits.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "common/base/little_endian.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

// The eight bytes of `values`, each below 2^width, as 8 width bits, 1 <= width <= 7.
uint64_t Gathered(uint64_t values, int width) {
  // The factor has a shift for each byte, to bit 56 + i; no two products share a bit.
  if (width == 1) return values * 0x0102040810204080 >> 56;
  const uint64_t pairs =
      (values & 0x00ff00ff00ff00ff) | (values & 0xff00ff00ff00ff00) >> (8 - width);
  const uint64_t fours =
      (pairs & 0x0000ffff0000ffff) | (pairs & 0xffff0000ffff0000) >> (16 - 2 * width);
  return (fours & 0xffffffff) | fours >> 32 << 4 * width;
}

}  // namespace

void PackedBits::Put(uint64_t value, int width) {
  if (bits_ % 8 == 0 && width % 8 == 0) {
    std::array<char, sizeof(value)> bytes;
    std::memcpy(bytes.data(), &value, sizeof(value));
    return AppendBytes({bytes.data(), static_cast<size_t>(width / 8)});
  }
  while (width > 0) {
    if (bits_ % kPieceBits == 0) pieces_.emplace_back();
    std::string& piece = pieces_.back();
    const int used = static_cast<int>(bits_ % 8);
    if (used == 0) piece.push_back('\0');
    const int count = std::min(width, 8 - used);
    const auto part = static_cast<unsigned>(value & ((uint64_t{1} << count) - 1));
    piece.back() = static_cast<char>(static_cast<unsigned char>(piece.back()) | part << used);
    value >>= count;
    width -= count;
    bits_ += count;
  }
}

uint64_t PackedBits::TakePartialByte() {
  const auto used = static_cast<int>(bits_ % 8);
  if (used == 0) return 0;
  const auto last = static_cast<unsigned char>(pieces_.back().back());
  pieces_.back().pop_back();
  if (pieces_.back().empty()) pieces_.pop_back();
  bits_ -= used;
  return last;
}

void PackedBits::PutAll(absl::Span<const uint8_t> values, int width) {
  const bool aligned = bits_ % 8 == 0;
  const char* bytes = reinterpret_cast<const char*>(values.data());
  if (width == 8 && aligned) return AppendBytes({bytes, values.size()});
  const size_t whole = width == 8 ? 0 : values.size() / 8 * 8;
  // Eight values are whole bytes: as many bits are left over after them as before.
  const auto held = static_cast<int>(bits_ % 8);
  uint64_t word = TakePartialByte();
  std::array<char, 512 + sizeof(word)> staged;
  size_t filled = 0;
  for (size_t i = 0; i < whole; i += 8) {
    word |= Gathered(LoadLittleEndian<uint64_t>(bytes + i), width) << held;
    std::memcpy(staged.data() + filled, &word, sizeof(word));
    filled += static_cast<size_t>(width);
    word >>= 8 * width;
    if (filled + sizeof(word) <= staged.size()) continue;
    AppendBytes({staged.data(), filled});
    filled = 0;
  }
  AppendBytes({staged.data(), filled});
  Put(word, held);
  for (const uint8_t value : values.subspan(whole)) Put(value, width);
}

void PackedBits::Append(const PackedBits& other) {
  if (bits_ % 8 != 0) {
    constexpr int kWidth = 56;
    for (int64_t at = 0; at < other.bits_; at += kWidth) {
      const auto width = static_cast<int>(std::min<int64_t>(kWidth, other.bits_ - at));
      Put(other.Get(at, width), width);
    }
    return;
  }
  const int64_t bits = bits_ + other.bits_;
  for (const std::string& piece : other.pieces_) AppendBytes(piece);
  bits_ = bits;
}

uint64_t PackedBits::Get(int64_t position, int width) const {
  if (width == 0) return 0;
  const auto piece_index = static_cast<size_t>(position / kPieceBits);
  const auto byte = static_cast<size_t>(position % kPieceBits / 8);
  const int shift = static_cast<int>(position % 8);
  const std::string& piece = pieces_[piece_index];
  uint64_t word = 0;
  if (byte + 8 <= piece.size()) {
    word = LoadLittleEndian<uint64_t>(piece.data() + byte);
  } else {
    for (int i = 0; 8 * i < shift + width; ++i) {
      const size_t at = byte + static_cast<size_t>(i);
      const std::string& holder = at < piece.size() ? piece : pieces_[piece_index + 1];
      const size_t offset = at < piece.size() ? at : at - piece.size();
      word |= uint64_t{static_cast<unsigned char>(holder[offset])} << 8 * i;
    }
  }
  return word >> shift & ((uint64_t{1} << width) - 1);
}

void PackedBits::AppendBytes(std::string_view bytes, int64_t expected) {
  while (!bytes.empty()) {
    if (bits_ % kPieceBits == 0) {
      pieces_.emplace_back();
      pieces_.back().reserve(
          static_cast<size_t>(std::clamp<int64_t>(expected, 0, kMaxPieceBytes)));
    }
    std::string& last = pieces_.back();
    const size_t room = kMaxPieceBytes - last.size();
    const std::string_view part = bytes.substr(0, room);
    // What is more than half full will be full: it is not to move once more.
    if (last.size() + part.size() > kMaxPieceBytes / 2) last.reserve(kMaxPieceBytes);
    last.append(part);
    bits_ += 8 * static_cast<int64_t>(part.size());
    expected -= static_cast<int64_t>(part.size());
    bytes.remove_prefix(part.size());
  }
}

bool PackedBits::Truncate(int64_t bits) {
  for (; bits_ > bits; --bits_) {
    if (Get(bits_ - 1, 1) != 0) return false;
    if (bits_ % 8 != 1) continue;
    pieces_.back().pop_back();
    if (pieces_.back().empty()) pieces_.pop_back();
  }
  return true;
}

absl::Status PackedBits::Write(ByteSink sink) const {
  for (const std::string& piece : pieces_) KVWIRE_RETURN_IF_ERROR(sink(piece));
  return absl::OkStatus();
}

}  // namespace kvwire
