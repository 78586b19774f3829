#ifndef KVWIRE_COMMON_CODING_MASKED_BITS_H_
#define KVWIRE_COMMON_CODING_MASKED_BITS_H_

// Bits at the positions that a mask names, close together and back. Words are 64 bits, lowest
// bit first; a run of ones in the mask is moved at once.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace kvwire {

// The bits of `words` at the ones of `mask`, in order, packed into ceil(ones / 8) bytes.
// Sizes are equal.
std::string GatherBits(absl::Span<const uint64_t> words, absl::Span<const uint64_t> mask);

// Words that are 0 but for the ones of `mask`, which take the bits of `packed` in order;
// bits that `packed` lacks are 0.
std::vector<uint64_t> ScatterBits(std::string_view packed, absl::Span<const uint64_t> mask);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_MASKED_BITS_H_
