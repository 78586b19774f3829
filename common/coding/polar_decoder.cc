#include "common/coding/polar_decoder.h"

#include <cassert>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "common/coding/masked_bits.h"
#include "common/coding/polar_transform.h"

namespace kvwire {
namespace {

// All bits from position `first` on.
std::string BytesFrom(std::vector<uint64_t> words, int64_t first) {
  const auto skipped = static_cast<size_t>(first / 64);
  const auto shift = static_cast<int>(first % 64);
  words.push_back(0);
  for (size_t i = skipped; shift != 0 && i + 1 < words.size(); ++i) {
    words[i] = words[i] >> shift | words[i + 1] << (64 - shift);
  }
  return std::string(reinterpret_cast<const char*>(words.data() + skipped),
                     8 * (words.size() - 1 - skipped));
}

}  // namespace

BitVector DecodePolar(const PolarCode& code, const BitVector& message) {
  assert(message.size_bits() == code.information_bits);
  std::vector<uint64_t> words = ScatterBits(message.bytes(), code.information);
  PolarTransform(code.block, absl::MakeSpan(words));
  return BitVector::FromBytes(BytesFrom(std::move(words), code.block - code.length),
                              code.length);
}

}  // namespace kvwire
