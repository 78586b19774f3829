#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_LANE_BLOCKS_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_LANE_BLOCKS_H_

// Square blocks of numbers between rows in memory and the lanes of vectors.
//
// Isa, here and in the headers beside this one, is a type of an unnamed namespace: what is
// made of these templates stays inside the file that is compiled for its instructions.

#include <cstdint>
#include <cstring>

namespace kvwire {

template <int... kIndex>
struct Indices {};

// Indices<0, 1, .., kCount - 1>.
template <int kCount, int... kIndex>
struct IndicesUpTo : IndicesUpTo<kCount - 1, kCount - 1, kIndex...> {};
template <int... kIndex>
struct IndicesUpTo<0, kIndex...> {
  using Type = Indices<kIndex...>;
};

template <typename Isa>
class LaneBlocks {
 public:
  using Vector = typename Isa::Vector;
  static constexpr int kLanes = Isa::kLanes;

  static Vector Fetch(const float* from) {
    Vector x;
    std::memcpy(&x, from, sizeof(x));
    return x;
  }
  static void Store(float* to, Vector x) { std::memcpy(to, &x, sizeof(x)); }

  // Column i of the square to row i.
  static inline __attribute__((always_inline)) void Transpose(Vector* square) {
    TransposeBlocks<kLanes / 2>(square);
  }

  // Row i of `from` [rows, dims] to lane i of `to` [dims, width], zeros to lanes that have
  // none.
  static void ToLanes(const float* from, int64_t stride, int64_t rows, int64_t dims, float* to,
                      int64_t width) {
    int64_t j = 0;
    for (; rows >= kLanes && j + kLanes <= dims; j += kLanes) {
      Vector square[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) square[i] = Fetch(from + i * stride + j);
      Transpose(square);
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) {
        Store(to + (j + i) * width, square[i]);
      }
    }
    for (; j < dims; ++j) {
      for (int64_t i = 0; i < kLanes; ++i) {
        to[j * width + i] = i < rows ? from[i * stride + j] : 0;
      }
    }
  }

  // Lane i of `from` [dims, width] times lane i of `factors` to row i of `to` [rows, dims].
  static void FromLanes(const float* from, int64_t width, Vector factors, int64_t rows,
                        int64_t dims, float* to, int64_t stride) {
    int64_t j = 0;
    for (; rows >= kLanes && j + kLanes <= dims; j += kLanes) {
      Vector square[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) square[i] = Fetch(from + (j + i) * width) * factors;
      Transpose(square);
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) Store(to + i * stride + j, square[i]);
    }
    for (; j < dims; ++j) {
      const Vector lanes = Fetch(from + j * width) * factors;
      for (int64_t i = 0; i < kLanes && i < rows; ++i) to[i * stride + j] = lanes[i];
    }
  }

 private:
  using Lanes = typename IndicesUpTo<kLanes>::Type;

  // Swaps the upper right and the lower left quarter of each square of 2 kStep rows, then
  // does the same within each quarter.
  template <int kStep>
  static inline __attribute__((always_inline)) void TransposeBlocks(Vector* rows) {
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) {
      if ((i & kStep) != 0) continue;
      const Vector upper = rows[i];
      const Vector lower = rows[i + kStep];
      rows[i] = LeftHalves<kStep>(upper, lower, Lanes());
      rows[i + kStep] = RightHalves<kStep>(upper, lower, Lanes());
    }
    if constexpr (kStep > 1) TransposeBlocks<kStep / 2>(rows);
  }

  template <int kStep, int... kLane>
  static inline __attribute__((always_inline)) Vector LeftHalves(Vector a, Vector b,
                                                                 Indices<kLane...>) {
    return __builtin_shufflevector(a, b,
                                   ((kLane & kStep) != 0 ? kLanes + kLane - kStep : kLane)...);
  }

  template <int kStep, int... kLane>
  static inline __attribute__((always_inline)) Vector RightHalves(Vector a, Vector b,
                                                                  Indices<kLane...>) {
    return __builtin_shufflevector(a, b,
                                   ((kLane & kStep) != 0 ? kLanes + kLane : kLane + kStep)...);
  }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_LANE_BLOCKS_H_
