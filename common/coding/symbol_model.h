#ifndef KVWIRE_COMMON_CODING_SYMBOL_MODEL_H_
#define KVWIRE_COMMON_CODING_SYMBOL_MODEL_H_

// What an adaptive coder expects of the next symbol in a matrix of symbols: those in one
// column are alike, as the numbers of one channel are (CacheGen, Liu et al. 2024, section
// 5.2), and at first a column is taken to be like its neighbours.

#include <cstdint>
#include <vector>

#include "common/coding/adaptive_bit.h"

namespace kvwire {

// The matrix, read row by row.
struct SymbolShape {
  int symbol_bits = 8;      // 1 .. 16
  int64_t row_symbols = 1;  // columns, at least 1
  // Symbols in turn are of this many kinds, 1 .. 8, as the bytes of wider numbers are.
  int64_t kinds = 1;
};

// A symbol is a path of decisions, its highest bit first. Each decision is learnt for each
// column, and for all columns of a kind together; the more a column has seen, the more its
// own estimate counts. Takes up to 16 MiB: columns beyond that share.
class SymbolModel {
 public:
  explicit SymbolModel(const SymbolShape& shape);

  // Goes to the first decision of the symbol in column `column` of the matrix.
  void BeginSymbol(int64_t column);

  // The probability that the next decision is a 1, in 2^-16: kLeastProbability .. 2^16 -
  // kLeastProbability.
  uint32_t Probability() const;

  // Learns the decision and goes on to the next.
  void Update(bool one);

 private:
  int64_t NodesPerSymbol() const;

  SymbolShape shape_;
  int64_t columns_;
  std::vector<AdaptiveBit> shared_;  // [kinds, nodes]
  std::vector<AdaptiveBit> own_;     // [columns, nodes]; empty if there is nothing to tell
  AdaptiveBit* shared_nodes_ = nullptr;
  AdaptiveBit* own_nodes_ = nullptr;
  int64_t node_ = 1;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_SYMBOL_MODEL_H_
