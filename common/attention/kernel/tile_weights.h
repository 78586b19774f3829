#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_TILE_WEIGHTS_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_TILE_WEIGHTS_H_

// Scores to weights: e^(score - top), and their sum.

#include <cstdint>

#include "common/attention/kernel/lane_blocks.h"

namespace kvwire {

template <typename Isa>
class TileWeights {
 public:
  using Blocks = LaneBlocks<Isa>;
  using Vector = typename Isa::Vector;
  static constexpr int64_t kLanes = Isa::kLanes;

  // e^x for x <= 0, or 0 below 2^-64; NaN of NaN. Within 1 ulp: e^x = 2^n 2^f with n whole and
  // |f| <= 1/2, and 2^f is the polynomial of the least relative error (Cephes, exp2f).
  static inline __attribute__((always_inline)) Vector Exponential(Vector x) {
    const Vector log2_of_e = Isa::All(1.44269504088896341F);
    // The sum's last bits are n + 127: n in the exponent field of a float, 23 bits up.
    const Vector rounder = Isa::All(0x1.8p23F + 127);
    const Vector rounded = Isa::MultiplyAdd(x, log2_of_e, rounder);
    const Vector f = Isa::MultiplyAdd(x, log2_of_e, rounder - rounded);
    const auto exponent = reinterpret_cast<typename Isa::Bits>(rounded) << 23;
    Vector power = Isa::All(1.535336188319500e-4F);
    power = Isa::MultiplyAdd(power, f, Isa::All(1.339887440266574e-3F));
    power = Isa::MultiplyAdd(power, f, Isa::All(9.618437357674640e-3F));
    power = Isa::MultiplyAdd(power, f, Isa::All(5.550332471162809e-2F));
    power = Isa::MultiplyAdd(power, f, Isa::All(2.402264791363012e-1F));
    power = Isa::MultiplyAdd(power, f, Isa::All(6.931472028550421e-1F));
    power = Isa::MultiplyAdd(power, f, Isa::All(1));
    power *= reinterpret_cast<Vector>(exponent);
    return x < Isa::All(kLeastExponent) ? Vector{} : power;
  }

  // Turns one vector of each of `rows` scores, `width` numbers apart, into weights. Returns
  // their sum: that of eight interleaved sums, in a fixed order.
  static Vector Weigh(float* scores, int64_t rows, int64_t width, Vector top) {
    Vector sums[kSums] = {};
    int64_t t = 0;
    for (; t + kSums <= rows; t += kSums) {
#pragma GCC unroll 8
      for (int i = 0; i < kSums; ++i) sums[i] += WeighOne(scores + (t + i) * width, top);
    }
    for (; t < rows; ++t) sums[t % kSums] += WeighOne(scores + t * width, top);
    return Total(sums);
  }

  // The same for the scores [rows] of one query, and the same bits.
  static float WeighLane(float* scores, int64_t rows, float top) {
    int64_t t = 0;
    for (; t + kLanes <= rows; t += kLanes) WeighOne(scores + t, Isa::All(top));
    for (; t < rows; ++t) scores[t] = Exponential(Isa::All(scores[t] - top))[0];
    float sums[kSums] = {};
    for (t = 0; t + kSums <= rows; t += kSums) {
      for (int i = 0; i < kSums; ++i) sums[i] += scores[t + i];
    }
    for (; t < rows; ++t) sums[t % kSums] += scores[t];
    return Total(sums);
  }

 private:
  static constexpr float kLeastExponent = -44.3614195558364998F;  // -64 ln 2
  static constexpr int kSums = 8;

  template <typename Number>
  static Number Total(const Number* sums) {
    return ((sums[0] + sums[4]) + (sums[2] + sums[6])) +
           ((sums[1] + sums[5]) + (sums[3] + sums[7]));
  }

  static inline __attribute__((always_inline)) Vector WeighOne(float* score, Vector top) {
    const Vector weight = Exponential(Blocks::Fetch(score) - top);
    Blocks::Store(score, weight);
    return weight;
  }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_TILE_WEIGHTS_H_
