#ifndef KVWIRE_COMMON_KV_ALGORITHMS_SIGN_FILTER_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_SIGN_FILTER_H_

// The signs of the inner products of vectors with many rows, most of them without the
// products: sums of binary32, in whatever order is fast, tell the sign of all that are larger
// than what rounding can have done to them. The others are for the caller to compute.

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/attention/kernel/attention_kernel.h"
#include "common/attention/thread_scratch.h"
#include "common/base/matrix.h"

namespace kvwire {

// Immutable and thread safe.
class SignFilter {
 public:
  static constexpr uint8_t kInDoubt = 2;

  // Of finite rows [m, w]. A copy of them is kept: O(m w) time and memory.
  explicit SignFilter(const Matrix& rows);

  // Writes whether <row i, x> > 0, in exact arithmetic and in any sum of binary64 of its
  // products, for the first `count` rows and each of the finite vectors x [n, w], whose
  // lengths are `lengths` [n] (OrderedNorm) and whose numbers are 0 but for those of
  // `channels`, to `signs` [n, count]: 1, 0 or kInDoubt.
  // O(n count channels), at the speed of attention.
  void Filter(const Eigen::Ref<const Matrix>& vectors, absl::Span<const double> lengths,
              absl::Span<const int64_t> channels, int64_t count, uint8_t* signs) const;

 private:
  // Rows side by side in the lanes of some vectors.
  struct Panel {
    int64_t first;    // row
    int64_t vectors;  // as many as hold what is left, up to the kernel's most
    int64_t offset;   // of its numbers [w, lanes]
  };

  int64_t Lanes(const Panel& panel) const { return panel.vectors * kernel_.lanes; }
  const float* NumbersOf(const Panel& panel) const { return numbers_.data() + panel.offset; }

  const AttentionKernel& kernel_;
  int64_t width_;
  double longest_ = 0;  // of the rows
  std::vector<Panel> panels_;
  AlignedNumbers numbers_;  // of all panels
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_SIGN_FILTER_H_
