#ifndef KVWIRE_COMMON_ATTENTION_ROW_MASS_H_
#define KVWIRE_COMMON_ATTENTION_ROW_MASS_H_

// W_i(C) = sum_{m != i} exp(C (G_mi - G_ii)) over keys with Gram matrix G, two ways: fast
// for many rows, and to the bit for one. What is decided from both is the same on any
// machine: the fast one proposes, and where it is too near the decision the exact one
// settles it.

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/attention/key_frame.h"
#include "common/base/matrix.h"

namespace kvwire {

// What one thread looks at at once: enough that laying the keys side by side for it, which
// each block does anew, costs little.
inline constexpr int64_t kMassRowBlock = 256;
inline int64_t MassRowBlocks(int64_t rows) {
  return (rows + kMassRowBlock - 1) / kMassRowBlock;
}

// |k_i|^2 of each key in double, summed in index order. A product of two floats is exact in
// double, so only the sum rounds.
std::vector<double> SelfProducts(const Matrix& keys);

// W_i for each of at most kMassRowBlock rows, from float32 products and exponentials; self
// are the keys' SelfProducts. Exponents are cut at 80, for a W of e^80 says no more than
// infinity would, and at -80, so that no term is lost and the sum errs upwards.
// O(|rows| L d).
std::vector<double> FastInterference(const Matrix& keys, absl::Span<const double> self,
                                     double sharpness, absl::Span<const int64_t> rows);

// The same for all keys, in less time: each product serves two of them. In parallel, the same
// bits for any number of threads, but not those of the other one. O(L^2 d), and 16 L bytes
// besides some 100 KiB a thread.
std::vector<double> FastInterferenceOfAll(const Matrix& keys, absl::Span<const double> self,
                                          double sharpness);

// W_i is at most this factor times what these two return, where the squared norm
// of no key is above `largest_self`; infinity where C is too large for float32 to say.
double FastInterferenceFactor(int64_t dims, double sharpness, double largest_self);

// One row of the Gram matrix in double precision, in a fixed order: G_mi - G_ii for all
// m != i. Takes 8 L bytes and O(L d) time to make.
class ExactRow {
 public:
  ExactRow(const Matrix& keys, int64_t row);

  // W_i(C), the same bits on any machine. O(L).
  double InterferenceAt(double sharpness) const;

 private:
  std::vector<double> differences_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_ROW_MASS_H_
