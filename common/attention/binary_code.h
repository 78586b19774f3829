#ifndef KVWIRE_COMMON_ATTENTION_BINARY_CODE_H_
#define KVWIRE_COMMON_ATTENTION_BINARY_CODE_H_

// Binary codes as sets of nearly orthogonal +-1 vectors. The largest inner
// product of two different words is a theorem, not a measurement:
//   d = 2^m, m even: Kerdock code, d^2 words, coherence 1/sqrt(d)
//   d = 2^m, m odd:  dual of the extended double-error-correcting BCH code, 2 d^2
//                    words, coherence sqrt(2/d); for d = 2 RM(1, 1) alone, 4 words
// Both begin with the 2 d words of the first-order Reed-Muller code RM(1, m): first
// d orthogonal ones, then their negatives, so coherence 0.
// (MacWilliams and Sloane, The Theory of Error-Correcting Codes, ch. 14-15.)
//
// Word = linear + d complement + 2 d coset. Its sign at coordinate x is
//   <linear, x> + complement + Q(coset * x)   over GF(2),
// with the product in the field of odd degree (m, or m - 1 for Kerdock, whose top
// coordinate bit e is set aside) and one quadratic form Q for each family:
//   BCH      Q(y) = Tr(y^3); cubing permutes the field, so these are all Tr(b x^3)
//   Kerdock  Q(y) = sum_{i=1}^{(m-2)/2} Tr(y^{2^i + 1}) + e Tr(y)

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace kvwire {

class BinaryCode {
 public:
  // Returns INVALID_ARGUMENT unless dims is a power of two from 2 to 4096, and
  // unless 1 <= words <= the size of the code at that length; the message names
  // the largest possible number.
  static absl::StatusOr<BinaryCode> Create(int64_t dims, int64_t words);

  int64_t dims() const { return dims_; }
  int64_t words() const { return words_; }

  // True where coordinate `coordinate` of word `word` is -1. O(1).
  bool Negative(int64_t word, int64_t coordinate) const;

  // Visits words first .. first + count - 1 as their coordinates, 1 where one is -1, else 0:
  // many coordinates at once, where Negative() looks at one.
  using WordVisitor =
      absl::FunctionRef<void(int64_t word, absl::Span<const uint8_t> negative)>;
  void VisitWords(int64_t first, int64_t count, WordVisitor visitor) const;

  // A proved upper bound on <w, w'> / d over different words among the first
  // words(): 0 up to 2 d words, then 1/sqrt(d) or sqrt(2/d), which is attained.
  double coherence() const;

 private:
  BinaryCode(int64_t dims, int64_t words);
  void FillForm(int degree);
  // Q(coset * x) of every x, into `form` [d].
  void FillCoset(uint64_t coset, absl::Span<uint8_t> form) const;

  int64_t dims_;
  int64_t words_;
  int bits_;                     // m, d = 2^m
  std::vector<uint32_t> log_;    // discrete logarithms of the field in use
  std::vector<uint32_t> power_;  // and its powers
  std::vector<uint8_t> form_;    // Q(y), for Kerdock at e = 0 and then at e = 1
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_BINARY_CODE_H_
