#ifndef KVWIRE_COMMON_KV_ALGORITHMS_HALVING_PLAN_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_HALVING_PLAN_H_

// Which of the rows that are held stay when merge and reduce (HalvingLayout) takes in the
// tokens that it has held back so far. It moves no row: rows are named by their places in
// order of arrival, which is the order of what stays too.

#include <cstdint>
#include <deque>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "common/kv/algorithms/halving_layout.h"

namespace kvwire {

class HalvingPlan {
 public:
  // Returns those that stay of `rows`, in order, of which there are an even number: they
  // rest at `level`, and the `token`-th token made them a full block.
  using Halve = absl::FunctionRef<std::vector<int64_t>(int64_t token, int64_t level,
                                                       absl::Span<const int64_t> rows)>;

  // Of the rows that `taken` tokens have left, layout.Rows(taken).
  HalvingPlan(const HalvingLayout& layout, int64_t taken);

  // Takes the next token, whose row comes after all before.
  void Take(Halve halve);

  // The rows that stay, increasing.
  std::vector<int64_t> Rows() const;

 private:
  // Takes a row that has left the window.
  void Pass(int64_t row, Halve halve);
  std::vector<int64_t> NextRows(int64_t count);

  HalvingLayout layout_;
  int64_t tokens_;
  int64_t next_row_ = 0;
  std::vector<int64_t> sinks_;
  std::vector<std::vector<int64_t>> levels_;
  std::deque<int64_t> window_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_HALVING_PLAN_H_
