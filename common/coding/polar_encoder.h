#ifndef KVWIRE_COMMON_CODING_POLAR_ENCODER_H_
#define KVWIRE_COMMON_CODING_POLAR_ENCODER_H_

// Quantises fair bits by successive cancellation (Arikan 2009) with hard rounding: bits u_i
// are settled in order of i, those of information to what is more likely given those before
// and a code word that is the source seen through a channel that flips each bit with
// probability D. MATH.md says why that ends near distortion D, and why the more likely value
// serves better than a coin of that likelihood.
//
// A node (polar_plan.h) whose positions are all frozen is skipped; one without frozen
// positions takes the more likely value of each bit of its code word, which is what successive
// cancellation arrives at, and in doubt 0.

#include <cstdint>
#include <vector>

#include "common/base/bit_vector.h"
#include "common/coding/lanes.h"
#include "common/coding/polar_code.h"

namespace kvwire {

// Encodes blocks of one code. Memory: 6 N bytes, and at most N / 4 for the order of work.
// Not thread-safe.
class PolarEncoder {
 public:
  explicit PolarEncoder(PolarCode code);

  const PolarCode& code() const { return code_; }

  // The message, of code().information_bits bits, for a source of code().length bits. The
  // same for the same source and code on every machine. At most N log2 N soft operations
  // (soft_bits.h), eight at a time.
  BitVector Encode(const BitVector& source);

 private:
  void EncodeNode(const Lanes* beliefs, Lanes* free, Lanes* word, int64_t lanes);

  PolarCode code_;
  std::vector<uint8_t> plan_;  // polar_plan.h
  size_t at_ = 0;              // in plan_
  std::vector<Lanes> beliefs_;
  std::vector<Lanes> free_;
  std::vector<Lanes> word_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_POLAR_ENCODER_H_
