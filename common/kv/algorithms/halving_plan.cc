#include "common/kv/algorithms/halving_plan.h"

#include <cstddef>
#include <numeric>
#include <utility>

namespace kvwire {

HalvingPlan::HalvingPlan(const HalvingLayout& layout, int64_t taken)
    : layout_(layout), tokens_(taken), levels_(static_cast<size_t>(layout.Levels(taken))) {
  sinks_ = NextRows(layout.Sinks(taken));
  for (size_t level = levels_.size(); level-- > 0;) {
    levels_[level] = NextRows(layout.LevelRows(taken, static_cast<int64_t>(level)));
  }
  const std::vector<int64_t> window = NextRows(layout.Window(taken));
  window_.assign(window.begin(), window.end());
}

std::vector<int64_t> HalvingPlan::NextRows(int64_t count) {
  std::vector<int64_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), next_row_);
  next_row_ += count;
  return rows;
}

void HalvingPlan::Take(Halve halve) {
  const int64_t row = next_row_++;
  ++tokens_;
  if (static_cast<int64_t>(sinks_.size()) < layout_.sinks) {
    sinks_.push_back(row);
    return;
  }
  window_.push_back(row);
  if (static_cast<int64_t>(window_.size()) <= layout_.window) return;
  Pass(window_.front(), halve);
  window_.pop_front();
}

void HalvingPlan::Pass(int64_t row, Halve halve) {
  levels_.front().push_back(row);
  if (static_cast<int64_t>(levels_.front().size()) < layout_.block) return;
  std::vector<int64_t> half = halve(tokens_, 0, levels_.front());
  levels_.front().clear();
  for (size_t level = 1;; ++level) {
    if (level == levels_.size()) levels_.emplace_back();
    if (levels_[level].empty()) {
      levels_[level] = std::move(half);
      return;
    }
    std::vector<int64_t> both = std::exchange(levels_[level], {});
    both.insert(both.end(), half.begin(), half.end());
    half = halve(tokens_, static_cast<int64_t>(level), both);
  }
}

std::vector<int64_t> HalvingPlan::Rows() const {
  std::vector<int64_t> rows = sinks_;
  for (size_t level = levels_.size(); level-- > 0;) {
    rows.insert(rows.end(), levels_[level].begin(), levels_[level].end());
  }
  rows.insert(rows.end(), window_.begin(), window_.end());
  return rows;
}

}  // namespace kvwire
