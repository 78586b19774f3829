#ifndef KVWIRE_COMMON_CODING_POLAR_ENTROPIES_H_
#define KVWIRE_COMMON_CODING_POLAR_ENTROPIES_H_

// Density evolution for polar codes (polar_code.h): how much of each u_i is unknown to one
// who sees u_0 .. u_{i-1} and N - padding bits of the code word, the last ones, each flipped
// with probability D; the first `padding` bits are erased.
//
// The channels of the first halvings, kExactLevels of them unless more or fewer are asked for,
// are densities over binary symmetric channels, kept on a grid of crossover probabilities
// (channel_density.h); below, each channel is taken for an erasure channel of the same entropy
// z, for which a halving makes
//   x + y - x y  and  x y
// of x and y. MATH.md says why that is the better order for a quantiser, and measures it.

#include <cstdint>
#include <vector>

namespace kvwire {

// Halvings with densities.
inline constexpr int kExactLevels = 5;

// The entropy in bits of each of `block` positions, 0 to 1; kErasedEntropy where nothing at
// all is known because of the padding, which is so of exactly `padding` positions.
// block: a power of two. 0 <= padding < block. 0 < distortion < 1/2. O(block) time.
std::vector<float> PolarEntropies(int64_t block, int64_t padding, double distortion,
                                  int exact_levels = kExactLevels);

inline constexpr float kErasedEntropy = 2;

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_POLAR_ENTROPIES_H_
