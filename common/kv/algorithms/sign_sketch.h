#ifndef KVWIRE_COMMON_KV_ALGORITHMS_SIGN_SKETCH_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_SIGN_SKETCH_H_

// The quantised Johnson-Lindenstrauss transform (QJL; Zandieh, Daliri, Han 2024, arXiv
// 2406.03482): of a vector k only its length and the signs of its inner products with m
// random vectors s_i are kept, and yet <q, k> can be estimated without bias by
//   E(q, k) = c/m |k| sum_i <s_i, q> sign <s_i, k>,   1/c = expectation of |<s_i, k>| / |k|
// which is linear in q: it is <q, k'> of the decoded k' = c/m |k| sum_i sign <s_i, k> s_i.
//
// Gaussian rows s_i (c = sqrt(pi/2)). Let |q| = |k| = 1 and r = <q, k>.
//   Variance: ((pi/2) - r^2) / m, for each of the m terms has the second moment
//   (pi/2) E <s, q>^2 = pi/2.
//   Tail: Pr[|E - r| > eps] <= 2 exp(-m eps^2 / pi), so that
//     m >= pi eps^-2 ln(2/delta)
//   rows keep the error within eps but for a probability of delta. Proof: write
//   <s, q> = r g + sqrt(1 - r^2) h with g = <s, k> and h independent standard normal. A
//   term is sqrt(pi/2) (r |g| + sqrt(1 - r^2) h sign g), where h sign g is normal and
//   independent of |g|, and |g| - E|g|, a 1-Lipschitz function of g, is sub-Gaussian with
//   variance proxy 1. So a term less its mean has the proxy pi/2, the mean of m the proxy
//   pi/(2m), and Chernoff's bound is the claim.
// The paper's Lemma 3.5 prints m = (4/3) (1 + eps) eps^-2 ln(2/delta), which is too few:
// with q orthogonal to k the error is exactly normal of variance pi/(2m). Its Theorem 3.6
// asks for m = 2 r^2 eps^-2 ln n to keep n scores of vectors of length up to r within
// 3 eps; but scores are off by |q| |k| times as much as cosines, so eps must be taken as
// eps/r^2, and r^4 is due where it says r^2 (unless one side has unit length).
// `kvwire verify qjl` and `qjl-scores` measure both.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/matrix.h"
#include "common/kv/algorithms/sign_filter.h"

namespace kvwire {

// Values of the option `rows`, the default first.
//
// orthogonal: groups of w rows (the last may be smaller) are orthonormal, uniformly so,
// times sqrt(w), as in the authors' code. Each row is then uniform on the sphere of
// radius sqrt(w), for which 1/c = E|s_1| = sqrt(w) G(w/2) / (sqrt(pi) G((w+1)/2)), G
// being the gamma function. The authors keep sqrt(pi/2) for c, which is 1 + 1/(4w) too
// much: a bias, if a small one at their w = 128.
//
// gaussian: independent standard normal entries, as in the paper.
inline constexpr const char* kSketchRows[] = {"orthogonal", "gaussian"};

// The m random vectors, from a public seed: the same bits on every machine. They are made
// when they are first used. Thread safe.
class SignSketch {
 public:
  // m = count >= 1 rows of w = width >= 1 numbers; `orthogonal` as above. Returns
  // INVALID_ARGUMENT on more than 2^26 numbers and where orthonormal_rows.h refuses.
  static absl::StatusOr<std::unique_ptr<const SignSketch>> Create(bool orthogonal,
                                                                  uint64_t seed, int64_t count,
                                                                  int64_t width);

  int64_t count() const { return count_; }
  int64_t width() const { return width_; }

  // sign <s_i, vector> as +1 or -1 for the first signs.size() rows; 0 counts as negative.
  // On the portable path. O(m w).
  void TakeSigns(absl::Span<const float> vector, absl::Span<float> signs) const;

  // The same of each of `vectors` [n, w], whose lengths are `lengths` [n] (OrderedNorm) and
  // whose numbers are 0 but for those of `channels`, by the first `count` rows: 1 or 0 to
  // `bits` [n, count]. O(n count channels), by a SignFilter.
  void TakeAllSigns(const Eigen::Ref<const Matrix>& vectors, absl::Span<const double> lengths,
                    absl::Span<const int64_t> channels, int64_t count,
                    absl::Span<uint8_t> bits) const;

  // Writes c/m sum_i signs_i s_i [w] over the first m = signs.size() rows. O(m w).
  void Decode(absl::Span<const float> signs, absl::Span<float> out) const;

 private:
  SignSketch(bool orthogonal, uint64_t seed, int64_t count, int64_t width);

  const Matrix& Rows() const;
  bool IsPositive(int64_t row, absl::Span<const float> vector) const;

  bool orthogonal_;
  uint64_t seed_;
  int64_t count_;
  int64_t width_;
  double inverse_mean_;  // c
  mutable std::once_flag made_;
  mutable Matrix rows_;  // [m, w]
  mutable std::once_flag filter_made_;
  mutable std::optional<SignFilter> filter_;
};

// 1/c of rows uniform on the sphere of radius sqrt(width): the mean of a coordinate's
// absolute value. O(width).
double MeanSphereCoordinate(int64_t width);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_SIGN_SKETCH_H_
