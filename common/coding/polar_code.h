#ifndef KVWIRE_COMMON_CODING_POLAR_CODE_H_
#define KVWIRE_COMMON_CODING_POLAR_CODE_H_

// A polar code (Arikan 2009) as a quantiser of fair bits (Korada and Urbanke 2010). N = 2^n
// bits u become a code word
//   x = u G,  G the n-fold Kronecker power of [1 0; 1 1],
// in natural order: the first half of x is the code word of the first half of u XOR that of
// the second half, the second half of x is the latter alone. Of u, K positions carry
// information; the rest, the frozen set, are 0. So the K bits are a message and the last M
// bits of x are what it says of M bits of a source, for any M <= N: the first N - M positions
// are padding that nobody looks at.
//
// Both sides derive a code from (M, D, K) alone, the same on every machine (PolarDesign).

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "common/coding/polar_entropies.h"

namespace kvwire {

inline constexpr int64_t kLeastPolarBlock = 8;
inline constexpr int64_t kMostPolarBlock = int64_t{1} << 24;

// Distortions that a code may be designed for.
inline constexpr double kLeastDesignDistortion = 0x1p-40;
inline constexpr double kMostDesignDistortion = 0.5 - 0x1p-20;

struct PolarCode {
  int64_t length = 0;            // M
  int64_t block = 0;             // N: the least power of two, at least 8, that is not below M
  int64_t information_bits = 0;  // K <= M
  double distortion = 0;         // D, what the code was designed for
  // Bit i % 64 of word i / 64 is 1 where u_i carries information; ceil(N / 64) words.
  std::vector<uint64_t> information;
};

// An order of the positions of u from which the codes of all K are cut. Position i is worth
// more the less of u_i is unknown to one who sees u_0 .. u_{i-1} and the code word through a
// channel that flips each bit with probability D: polar_entropies.h.
// Memory: 4 N bytes. Immutable, hence thread-safe.
class PolarDesign {
 public:
  // Returns INVALID_ARGUMENT unless 1 <= length <= kMostPolarBlock and distortion is in
  // [kLeastDesignDistortion, kMostDesignDistortion]. About 10 ms at N = 2^20. `exact_levels`
  // is as of PolarEntropies: other numbers than kExactLevels are for comparison.
  static absl::StatusOr<PolarDesign> Create(int64_t length, double distortion,
                                            int exact_levels = kExactLevels);

  int64_t length() const { return length_; }
  double distortion() const { return distortion_; }

  // The code with the K best positions; of equals, the later ones.
  // Returns INVALID_ARGUMENT unless 0 <= K <= length. O(N) time.
  absl::StatusOr<PolarCode> Code(int64_t information_bits) const;

 private:
  PolarDesign(int64_t length, double distortion, int exact_levels);

  int64_t length_;
  double distortion_;
  std::vector<float> entropies_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_POLAR_CODE_H_
