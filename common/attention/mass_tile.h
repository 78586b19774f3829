#ifndef KVWIRE_COMMON_ATTENTION_MASS_TILE_H_
#define KVWIRE_COMMON_ATTENTION_MASS_TILE_H_

// The terms exp(C (<q, k> - s)) of some queries and some keys, summed for each query with its
// own s, and for each key with its own. In binary32, exponents cut at -80 and 80; sums are in
// a fixed order, the same bits on any machine.

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/base/matrix.h"

namespace kvwire {

// Not thread-safe. 4 most_queries kKeys + 72 d bytes.
class MassTile {
 public:
  static constexpr int64_t kKeys = 64;

  MassTile(int64_t most_queries, int64_t dims, double sharpness);

  // Replaces the products by those of at most `most_queries` queries [m, d] with at most kKeys
  // keys [n, d]. O(m n d).
  void Multiply(const Eigen::Ref<const Matrix>& queries, MatrixView keys);

  // Of query i, over keys [first, last). O(keys).
  double SumOfQuery(int64_t i, double self, int64_t first, int64_t last) const;

  // Adds to sums [n] those of each key, over all queries; self has as many.
  // O(m kKeys).
  void AddSumsOfKeys(absl::Span<const double> self, absl::Span<double> sums) const;

 private:
  float sharpness_;
  std::vector<int64_t> places_;
  std::vector<float> columns_;
  Matrix products_;
  int64_t queries_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_MASS_TILE_H_
