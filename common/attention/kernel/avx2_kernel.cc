#include <immintrin.h>

#include "common/attention/kernel/panel_kernel.h"

namespace kvwire {
namespace {

struct Avx2 {
  using Vector = __m256;
  using Bits = __attribute__((vector_size(32))) uint32_t;
  static constexpr int kLanes = 8;
  static constexpr int kMostVectors = 3;
  static constexpr int kRows = 4;
  static constexpr int kColumnsAhead = 0;

  static Vector All(float x) { return _mm256_set1_ps(x); }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
};

}  // namespace

constinit const AttentionKernel kAvx2Kernel = PanelKernel<Avx2>::Table();

}  // namespace kvwire
