#include "common/attention/panel_group.h"

#include <algorithm>

namespace kvwire {
namespace {

// Queries of a group: enough for a tile of keys to be worth fetching, few enough for all
// of it to stay in the second cache.
constexpr int64_t kGroupLanes = 192;

// So few queries are faster one by one than as lanes of a vector.
constexpr int64_t kFewQueries = 2;

constexpr int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

PanelSplit::PanelSplit(const AttentionKernel& kernel, int64_t queries, int64_t dims)
    : kernel_(&kernel),
      queries_(queries),
      dims_(dims),
      vectors_(CeilDivide(queries, kernel.lanes)) {
  const int64_t vector_numbers = kernel.lanes * (2 * dims + 2 + kernel.tile_keys);
  most_vectors_ = std::clamp(kThreadNumbers / vector_numbers, int64_t{1}, kernel.most_vectors);
  panels_ = queries <= kFewQueries ? queries : CeilDivide(vectors_, most_vectors_);
}

PanelSplit::Place PanelSplit::At(int64_t panel) const {
  if (queries_ <= kFewQueries) return {panel, 1, 0};
  const int64_t first = vectors_ * panel / panels_;
  const int64_t last = vectors_ * (panel + 1) / panels_;
  const int64_t first_query = first * kernel_->lanes;
  return {first_query, std::min(last * kernel_->lanes, queries_) - first_query, last - first};
}

int64_t PanelSplit::most_grouped() const {
  const int64_t wanted = kGroupLanes / (most_vectors_ * kernel_->lanes);
  return std::clamp((kThreadNumbers - score_numbers()) / panel_numbers(), int64_t{1}, wanted);
}

int64_t PanelSplit::score_numbers() const {
  return most_vectors_ * kernel_->lanes * kernel_->tile_keys;
}

int64_t PanelSplit::panel_numbers() const {
  return most_vectors_ * kernel_->lanes * (2 * dims_ + 2);
}

PanelGroup::PanelGroup(const PanelSplit& split, int64_t first, int64_t last, float* memory)
    : split_(split), first_(first) {
  panels_.reserve(static_cast<size_t>(last - first));
  for (int64_t panel = first; panel < last; ++panel) {
    const int64_t vectors = split.At(panel).vectors;
    const int64_t lanes = std::max(int64_t{1}, vectors * split.kernel().lanes);
    float* const outputs = memory + lanes * split.dims();
    float* const tops = outputs + lanes * split.dims();
    panels_.push_back({vectors, memory, outputs, tops, tops + lanes});
    memory += split.panel_numbers();
  }
}

void PanelGroup::Load(const Eigen::Ref<const Matrix>& queries, int64_t zero_rows) {
  for (int64_t i = 0; i < size(); ++i) {
    const PanelSplit::Place place = split_.At(first_ + i);
    split_.kernel().load(queries.data() + place.first * queries.outerStride(),
                         queries.outerStride(), place.rows, split_.dims(),
                         static_cast<float>(zero_rows), panels_[i]);
  }
}

void PanelGroup::Absorb(absl::Span<const KernelTokens> tokens, int64_t first, int64_t last,
                        float* scores) const {
  for (size_t i = 0; i < tokens.size(); ++i) {
    // After the last tokens the first ones come, for the next panels.
    const KernelTokens& next = tokens[(i + 1) % tokens.size()];
    split_.kernel().absorb(tokens[i], next, split_.dims(), panels_.data() + first,
                           last - first, scores);
  }
}

// A view, and written to. NOLINTNEXTLINE(performance-unnecessary-value-param)
void PanelGroup::Store(Eigen::Ref<Matrix> out, const MassViews& masses) const {
  for (int64_t i = 0; i < size(); ++i) {
    const PanelSplit::Place place = split_.At(first_ + i);
    const QueryPanel& panel = panels_[i];
    split_.kernel().store(panel, place.rows, split_.dims(),
                          out.data() + place.first * out.outerStride(), out.outerStride());
    if (masses.tops.empty()) continue;
    std::copy_n(panel.tops, place.rows, masses.tops.data() + place.first);
    std::copy_n(panel.masses, place.rows, masses.masses.data() + place.first);
  }
}

}  // namespace kvwire
