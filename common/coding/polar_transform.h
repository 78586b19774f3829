#ifndef KVWIRE_COMMON_CODING_POLAR_TRANSFORM_H_
#define KVWIRE_COMMON_CODING_POLAR_TRANSFORM_H_

#include <cstdint>

#include "absl/types/span.h"

namespace kvwire {

// Replaces u by x = u G (polar_code.h), and x by u: G is its own inverse. `block` bits, a
// power of two, in ceil(block / 64) words, lowest bit first. block log2(block) / 2 XORs of
// bits, 64 or more at a time.
void PolarTransform(int64_t block, absl::Span<uint64_t> words);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_POLAR_TRANSFORM_H_
