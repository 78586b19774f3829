#ifndef KVWIRE_COMMON_REDUCTION_BOB_H_
#define KVWIRE_COMMON_REDUCTION_BOB_H_

// Bob's side of the reductions (VAR paper, Theorems 4.5 and 4.6; tensor paper,
// Theorems B.1 and B.2): from the restored algorithm and the public coin to Alice's
// bits.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/attention/key_frame.h"
#include "common/base/bit_vector.h"
#include "common/base/matrix.h"
#include "common/reduction/parameters.h"

namespace kvwire {

// The rows behind a question: positions are i * d + j, each below L d.
// Returns the distinct rows in increasing order; OUT_OF_RANGE naming a position
// that is not there.
absl::StatusOr<std::vector<int64_t>> RowsOfPositions(absl::Span<const int64_t> positions,
                                                     int64_t payload_bits, int64_t dims);

// One take-up of the message answers at most rows_per_replay rows; `rows` are split
// in order into groups of that size.
std::vector<std::vector<int64_t>> SplitIntoReplays(absl::Span<const int64_t> rows,
                                                   int64_t rows_per_replay);

// What Bob multiplies keys by: C over the factor by which the algorithm scales scores, the
// option scale of algorithm.proto, so that scores are C <k_i, k_t> whatever it is. Returns
// INVALID_ARGUMENT if that option of the algorithm's text cannot be one.
absl::StatusOr<double> QuerySharpness(const PublicParameters& parameters);

// The queries C k_i of the given rows [|rows|, d].
Matrix QueryRows(const KeyFrame& frame, double sharpness, absl::Span<const int64_t> rows);

// Decides bits from attention outputs.
class Thresholds {
 public:
  // For the given rows of the frame. `zero_weight` as ProblemShape::ZeroWeight().
  // With values in {0, 1}
  //   tau_i = ((1 + eta) W_i + (1 - eta)) / (2 Z_i),
  //   Z_i = 1 + W_i + zero_weight e^{-C G_ii},
  // the middle between the largest output of a 0 and the least of a 1. At eta = 0 this
  // is half of the softmax mass (1 + W_i) / Z_i of the L real rows: minimax for every x
  // and C. The paper's midpoint of its bounds is 1/2 whatever the zero tokens weigh.
  // With values +-1 tau_i = 0 whatever eta.
  static Thresholds Place(const KeyFrame& frame, double sharpness,
                          absl::Span<const int64_t> rows, double zero_weight,
                          const Decoding& decoding);

  // Those of rows[first] .. rows[first + count - 1].
  Thresholds Part(int64_t first, int64_t count) const;

  int64_t size() const { return static_cast<int64_t>(taus_.size()); }
  double tau(int64_t index) const { return taus_[index]; }  // of rows[index]
  // The width of the interval that exact outputs of rows[index] lie in.
  double range(int64_t index) const { return ranges_[index]; }

 private:
  std::vector<double> taus_;
  std::vector<double> ranges_;
};

// Multiplies each output row r [|rows|, d], of frame row rows[r], by the factors that
// an algorithm of relative error eta may answer with (EtaMode); the random ones are a
// function of (seed, position). Nothing at eta = 0.
void PerturbOutputs(const Thresholds& thresholds, const Decoding& decoding, uint64_t seed,
                    absl::Span<const int64_t> rows, Matrix& outputs);

// Writes the d bits of row rows[r], read off outputs row r [|rows|, d] as
// output > tau, to out[(first + r) * d ...].
void DecodeRows(const Eigen::Ref<const Matrix>& outputs, const Thresholds& thresholds,
                int64_t first, BitVector& out);

// Appends Bob's confidence in each of these bits, a bin of soft_floor.h a byte: the
// distance of the output from tau over its range, |o / mass - 1/2| for exact outputs.
void AppendConfidences(const Eigen::Ref<const Matrix>& outputs, const Thresholds& thresholds,
                       std::string& bins);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_REDUCTION_BOB_H_
