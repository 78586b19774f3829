#ifndef KVWIRE_COMMON_KV_ALGORITHMS_SEEDED_ROTATION_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_SEEDED_ROTATION_H_

// A random rotation of R^w that everybody makes from the public seed: it turns any row
// into one whose numbers look like independent normal ones, which is what quantisers with
// a fixed codebook need. The same bits on every machine. Thread safe.

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/kv/algorithm_spec.h"

namespace kvwire {

// Values of the option `rotation`, the default first.
//
// hadamard: with H the Walsh-Hadamard matrix of p rows, p the largest power of two with
// p <= w, and D random signs. If p = w it is H D / sqrt(p), as in the implementations of
// TurboQuant, which know no other w. Otherwise, twice: H D / sqrt(p) on the first p numbers
// and then, with new signs, on the last p; and x_i and x_{i + ceil(w/2)} turned by 45
// degrees, so that the halves mix even at w = 2p - 1. O(w log w) time, O(w)
// memory, and no padding, for which bits would be paid. A row with few numbers that are not
// zero is mixed to few different numbers.
//
// dense: uniform among all rotations and reflections, as the papers assume. O(w^2) time
// and memory, O(w^3) to make, when it is first used.
inline constexpr const char* kRotations[] = {"hadamard", "dense"};

class SeededRotation {
 public:
  // As the option `rotation` of a checked spec says. Returns INVALID_ARGUMENT if a dense
  // one is too large to make (orthonormal_rows.h: w > 2048).
  static absl::StatusOr<std::shared_ptr<const SeededRotation>> Create(
      const AlgorithmSpec& spec, uint64_t seed, int64_t width);

  int64_t width() const { return width_; }  // w

  // y = R x and x = R^T y in place [w].
  void Apply(absl::Span<double> row) const;
  void Invert(absl::Span<double> row) const;

 private:
  SeededRotation(bool dense, uint64_t seed, int64_t width);

  // H D / sqrt(p), or its inverse, on p consecutive numbers; `mix` counts the Ds.
  void Mix(uint64_t mix, absl::Span<double> part) const;
  void Unmix(uint64_t mix, absl::Span<double> part) const;
  void FlipSigns(uint64_t mix, absl::Span<double> part) const;
  void DrawSigns();

  void ApplyDense(absl::Span<double> row) const;
  void InvertDense(absl::Span<double> row) const;
  const std::vector<double>& Axes() const;

  bool dense_;
  uint64_t seed_;
  int64_t width_;
  size_t power_;  // p
  std::vector<double>
      signs_;  // +-1, the diagonals of the Ds one behind the other, if not dense
  mutable std::once_flag made_;
  mutable std::vector<double> axes_;  // the rows of R [w, w], if dense
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_SEEDED_ROTATION_H_
