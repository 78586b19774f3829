#ifndef KVWIRE_COMMON_REDUCTION_BOB_H_
#define KVWIRE_COMMON_REDUCTION_BOB_H_

// Bob's side of the reduction (Theorem 4.5, VAR paper): from the restored
// algorithm and the public coin to Alice's bits.

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/attention/key_frame.h"
#include "common/base/bit_vector.h"
#include "common/base/matrix.h"
#include "common/reduction/scales.h"

namespace kvwire {

// The rows behind a question: positions are i * d + j, each below L d.
// Returns the distinct rows in increasing order; OUT_OF_RANGE naming a position
// that is not there.
absl::StatusOr<std::vector<int64_t>> RowsOfPositions(absl::Span<const int64_t> positions,
                                                     int64_t payload_bits, int64_t dims);

// One take-up of the message answers at most n^2 rows; `rows` are split in order
// into groups of that size (ceil(|rows| / n^2) replays).
std::vector<std::vector<int64_t>> SplitIntoReplays(absl::Span<const int64_t> rows,
                                                   int64_t queries);

// The queries C k_i of the given rows [|rows|, d].
Matrix QueryRows(const KeyFrame& frame, double sharpness, absl::Span<const int64_t> rows);

// Decides bits from attention outputs.
class Thresholds {
 public:
  // For the given rows of the frame, the last scale holding `zero_rows` zero
  // tokens. tau_i = (1 + W_i) / (2 (1 + W_i + zero_rows e^{-C G_ii})): half of the
  // softmax mass of the L real rows, which is minimax for every x and C. The
  // paper's midpoint of its bounds is 1/2 whatever the zero tokens weigh.
  static Thresholds HalfMass(const KeyFrame& frame, double sharpness,
                             absl::Span<const int64_t> rows, int64_t zero_rows);

  // tau of rows[index].
  double at(int64_t index) const { return taus_[index]; }

 private:
  std::vector<double> taus_;
};

// Writes the d bits of row rows[r], read off outputs row r [|rows|, d] as
// output > tau, to out[(first + r) * d ...].
void DecodeRows(const Eigen::Ref<const Matrix>& outputs, const Thresholds& thresholds,
                int64_t first, BitVector& out);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_REDUCTION_BOB_H_
