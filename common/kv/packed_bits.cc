#include "common/kv/packed_bits.h"

#include <algorithm>

#include "common/base/little_endian.h"
#include "common/base/status_macros.h"

namespace kvwire {

void PackedBits::Put(uint64_t value, int width) {
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

void PackedBits::AppendBytes(std::string_view bytes) {
  while (!bytes.empty()) {
    if (bits_ % kPieceBits == 0) pieces_.emplace_back();
    const size_t room = kMaxPieceBytes - pieces_.back().size();
    const std::string_view part = bytes.substr(0, room);
    pieces_.back().append(part);
    bits_ += 8 * static_cast<int64_t>(part.size());
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
