#ifndef KVWIRE_COMMON_CODING_TRELLIS_TAPS_H_
#define KVWIRE_COMMON_CODING_TRELLIS_TAPS_H_

#include <array>
#include <cstdint>

#include "common/coding/trellis_code.h"

namespace kvwire {

// Bit 0 of a mask is the newest bit of the register, bit kTrellisMemory the oldest. Both are
// 1 in every mask: so the two ways into a state say opposite bits, and so do the two ways out
// of one. The bits between are drawn at random, once and for all: codes that vary from step
// to step have no rate to be tuned for.
const std::array<uint32_t, kTrellisTaps>& TrellisTaps();

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_TRELLIS_TAPS_H_
