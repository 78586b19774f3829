#ifndef KVWIRE_COMMON_KV_ALGORITHMS_LAYER_MERGE_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_LAYER_MERGE_H_

// The keys, or the values, that two neighbouring layers have of one token, as a direction that
// both share and a length each (MiniCache, Liu et al. 2024). A vector is the two layers side
// by side: its first ceil(w/2) coordinates are the lower layer's, the others the upper one's,
// which at odd widths is taken to end in a 0 that does not come back.
//
// All of it is computed on the portable path. Immutable and thread safe.

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace kvwire {

class LayerMerge {
 public:
  static constexpr int64_t kLengths = 2;  // of the lower layer, of the upper one

  // For vectors of `width` >= 1 coordinates. t in [0, 1] is where between the lower layer's
  // direction, 0, and the upper one's, 1, the shared one lies.
  LayerMerge(int64_t width, double t) : width_(width), t_(t) {}

  int64_t width() const { return width_; }
  int64_t direction_width() const { return (width_ + 1) / 2; }

  // INVALID_ARGUMENT if the length of a layer of a finite vector is over the range of
  // binary32.
  absl::Status CheckLengths(absl::Span<const float> vector) const;

  // The angle between the layers, in [0, pi]: how much is lost by merging them. A layer of
  // zeros loses nothing, for its length says all: the angle is 0.
  double Angle(absl::Span<const float> vector) const;

  // Writes the shared direction [direction_width()], of length 1, and the lengths [kLengths]
  // of a vector of which CheckLengths holds:
  //   e = sin((1 - t) A)/sin A a + sin(t A)/sin A b,   A the angle between units a and b
  // and, where sin A < 1e-6, (1 - t) a + t b; then made a unit. Of a layer of zeros next to
  // another, it is the other's direction; of two, zero. Opposite layers at t = 1/2 have none
  // between them and take the lower one's.
  void Merge(absl::Span<const float> vector, absl::Span<float> direction,
             absl::Span<float> lengths) const;

  // Writes the vector [width()] that each layer's length makes of the direction.
  static void Restore(absl::Span<const float> direction, absl::Span<const float> lengths,
                      absl::Span<float> vector);

  // DATA_LOSS unless finite numbers are what Merge can write: lengths that are not negative,
  // and a direction of length 1, but for rounding, or zeros if both lengths are 0.
  absl::Status CheckMerged(absl::Span<const float> direction,
                           absl::Span<const float> lengths) const;

 private:
  struct Layers {
    absl::Span<const float> lower;
    absl::Span<const float> upper;  // without the 0
    double lower_length;
    double upper_length;
    double angle;
  };
  Layers LayersOf(absl::Span<const float> vector) const;

  int64_t width_;
  double t_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_LAYER_MERGE_H_
