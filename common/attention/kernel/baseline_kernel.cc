#include "common/attention/kernel/panel_kernel.h"

namespace kvwire {
namespace {

// Four floats, as SSE2 and NEON have them. Without a fused multiply-add the sums round as
// those of any compiler for any machine.
struct Baseline {
  using Vector = __attribute__((vector_size(16))) float;
  using Bits = __attribute__((vector_size(16))) uint32_t;
  static constexpr int kLanes = 4;
  static constexpr int kMostVectors = 2;
  static constexpr int kRows = 4;
  static constexpr int kColumnsAhead = 0;

  static Vector All(float x) { return Vector{x, x, x, x}; }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return a * b + c; }
};

}  // namespace

constinit const AttentionKernel kBaselineKernel = PanelKernel<Baseline>::Table();

}  // namespace kvwire
