#include "common/coding/polar_entropies.h"

#include <algorithm>

#include "absl/types/span.h"
#include "common/coding/channel_density.h"

namespace kvwire {
namespace {

// A node's positions are of at most two kinds, because the padding is at the head of the
// block: position i mod s of a node of s positions stands for the positions i, i + s, ...
// of the block, of which one more is padding where i < padding mod s. Those are the node's
// `heads`; the rest are its tail.
template <typename Channel>
struct Node {
  int64_t heads;
  Channel head;
  Channel tail;
};

// What a halving makes of a node of `size` positions, by `op`: minus or plus.
template <typename Channel, typename Op>
Node<Channel> Half(const Node<Channel>& node, int64_t size, const Op& op) {
  const auto& [heads, head, tail] = node;
  if (heads == 0) return {0, tail, op(tail, tail)};
  if (heads < size / 2) return {heads, op(head, tail), op(tail, tail)};
  return {heads - size / 2, op(head, head), op(head, tail)};
}

double ErasureMinus(double x, double y) { return x + y - x * y; }

// Without denormal numbers, which some machines take for 0.
double ErasurePlus(double x, double y) {
  const double both = x * y;
  return both < 1e-300 ? 0 : both;
}

void EvolveErasures(const Node<double>& node, absl::Span<float> out) {
  const auto size = static_cast<int64_t>(out.size());
  if (size == 1) {
    const auto entropy = static_cast<float>(node.tail);
    out[0] = entropy < 1e-37F ? 0 : entropy;
    return;
  }
  const size_t half = out.size() / 2;
  EvolveErasures(Half(node, size, ErasureMinus), out.first(half));
  EvolveErasures(Half(node, size, ErasurePlus), out.last(half));
}

void Evolve(const ChannelGrid& grid, const Node<ChannelDensity>& node, int levels,
            absl::Span<float> out) {
  const auto size = static_cast<int64_t>(out.size());
  if (levels == 0 || size == 1) {
    EvolveErasures({node.heads, grid.Entropy(node.head), grid.Entropy(node.tail)}, out);
    return;
  }
  const size_t half = out.size() / 2;
  const auto minus = [&grid](const auto& a, const auto& b) { return grid.Minus(a, b); };
  const auto plus = [&grid](const auto& a, const auto& b) { return grid.Plus(a, b); };
  Evolve(grid, Half(node, size, minus), levels - 1, out.first(half));
  Evolve(grid, Half(node, size, plus), levels - 1, out.last(half));
}

// A position of which nothing at all is known, and one of which next to nothing is, round to
// the same entropy. Minus erases where either is erased; plus where both are.
void MarkErased(int64_t erased, absl::Span<float> out) {
  if (erased == 0) return;
  const auto size = static_cast<int64_t>(out.size());
  if (erased == size) {
    std::fill(out.begin(), out.end(), kErasedEntropy);
    return;
  }
  const int64_t half = size / 2;
  MarkErased(std::min(erased, half), out.first(out.size() / 2));
  MarkErased(std::max<int64_t>(erased - half, 0), out.last(out.size() / 2));
}

}  // namespace

std::vector<float> PolarEntropies(int64_t block, int64_t padding, double distortion,
                                  int exact_levels) {
  std::vector<float> entropies(static_cast<size_t>(block));
  const ChannelGrid grid(distortion);
  const absl::Span<float> out = absl::MakeSpan(entropies);
  Evolve(grid, {padding, ChannelGrid::Erasing(), grid.Symmetric()}, exact_levels, out);
  MarkErased(padding, out);
  return entropies;
}

}  // namespace kvwire
