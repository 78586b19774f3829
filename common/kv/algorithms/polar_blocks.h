#ifndef KVWIRE_COMMON_KV_ALGORITHMS_POLAR_BLOCKS_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_POLAR_BLOCKS_H_

// The recursive polar coordinates of PolarQuant (Han, Kacham, Karbasi, Mirrokni, Zandieh
// 2025, arXiv 2502.02617): of a block of 2^k numbers, the angles of its 2^(k-1) pairs (level
// 1, all around), the angles of the pairs of their radii (level 2, a quarter turn), and so
// on, and the radius of the whole. For rotated rows, whose numbers are nearly independent
// and normal, angles of level 1 are uniform and those psi of level l > 1 have a density
// proportional to sin^(2^(l-1) - 1)(2 psi): each level has one codebook for everybody, and
// no block needs a scale of its own. On the portable path.

#include <array>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace kvwire {

// The codebook of the angles of one level; that of each level and size is computed once in
// a process. An angle is coded without being computed:
// psi > b if and only if y cos b > x sin b. Immutable and thread safe.
class AngleCodebook {
 public:
  // level >= 1; 2^bits angles, bits 2 .. 8 for level 1 and 1 .. 8 for others.
  AngleCodebook(int level, int bits);

  // The code of the angle of (x, y); x, y >= 0 unless level 1. 0 for (0, 0).
  uint8_t CodeOf(double x, double y) const;
  // Of `count` of them; many at once where there are few angles. There is memory for a whole
  // number of kWideLanes (wide_vector.h).
  void CodesOf(const double* x, const double* y, size_t count, uint8_t* codes) const;

  struct Direction {
    double cos = 0;
    double sin = 0;
  };
  const Direction& Decode(uint8_t code) const { return directions_[code]; }

 private:
  // How many bounds within a quarter turn the angle of (x, y), x, y >= 0, is above.
  size_t Place(double x, double y) const;

  bool all_around_;
  std::vector<Direction> bounds_;      // within a quarter turn, ascending
  std::vector<Direction> directions_;  // by code
};

// Blocks of 1, 2, 4, 8 or 16 numbers. Immutable and thread safe.
class PolarBlocks {
 public:
  static constexpr int64_t kMostNumbers = 16;

  // Bits of an angle of level 1, and of one of any other level.
  PolarBlocks(int first_bits, int deep_bits);

  // The codes of the size - 1 angles: the size/2 of level 1, then those of level 2, ...
  using Codes = std::array<uint8_t, kMostNumbers>;

  // Writes the codes of a block and returns its radius, which of a single number has the
  // number's sign.
  double Encode(absl::Span<const double> block, Codes& codes) const;
  // The same of whole blocks of kMostNumbers, one behind the other, many pairs at once: to
  // `first` the codes of level 1 [8 a block], to `deep` the others [7 a block], block by
  // block, and to `radii` [1 a block].
  void EncodeWhole(absl::Span<const double> blocks, uint8_t* first, uint8_t* deep,
                   double* radii) const;
  void Decode(double radius, const Codes& codes, absl::Span<double> block) const;

 private:
  // Up to kBlocksAtOnce blocks.
  void EncodeSome(const double* numbers, size_t blocks, uint8_t* first, uint8_t* deep,
                  double* radii) const;

  std::vector<AngleCodebook> levels_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_POLAR_BLOCKS_H_
