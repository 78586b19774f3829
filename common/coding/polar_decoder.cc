#include "common/coding/polar_decoder.h"

#include <cassert>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/base/little_endian.h"
#include "common/coding/masked_bits.h"
#include "common/coding/polar_transform.h"

namespace kvwire {
namespace {

// All bits from position `first` on.
std::string BytesFrom(const std::vector<uint64_t>& words, int64_t first) {
  std::string bytes;
  bytes.reserve(8 * words.size());
  const auto shift = static_cast<int>(first % 64);
  for (auto i = static_cast<size_t>(first / 64); i < words.size(); ++i) {
    const uint64_t next = i + 1 < words.size() && shift != 0 ? words[i + 1] << (64 - shift) : 0;
    AppendLittleEndian(words[i] >> shift | next, bytes);
  }
  return bytes;
}

}  // namespace

BitVector DecodePolar(const PolarCode& code, const BitVector& message) {
  assert(message.size_bits() == code.information_bits);
  std::vector<uint64_t> words = ScatterBits(message.bytes(), code.information);
  PolarTransform(code.block, absl::MakeSpan(words));
  return BitVector::FromBytes(BytesFrom(words, code.block - code.length), code.length);
}

}  // namespace kvwire
