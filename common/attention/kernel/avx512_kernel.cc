#include <immintrin.h>

#include "common/attention/kernel/panel_kernel.h"

namespace kvwire {
namespace {

struct Avx512 {
  using Vector = __m512;
  using Bits = __attribute__((vector_size(64))) uint32_t;
  static constexpr int kLanes = 16;
  static constexpr int kMostVectors = 3;
  static constexpr int kRows = 8;
  static constexpr int kColumnsAhead = 12;

  static Vector All(float x) { return _mm512_set1_ps(x); }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
};

}  // namespace

constinit const AttentionKernel kAvx512Kernel = PanelKernel<Avx512>::Table();

}  // namespace kvwire
