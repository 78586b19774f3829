#include "common/coding/symbol_model.h"

#include <algorithm>
#include <array>

namespace kvwire {
namespace {

// Decisions that are told apart by all decisions before them; later ones, of which there
// are too many to learn, only by their place.
constexpr int kTreeBits = 8;
constexpr int64_t kTreeNodes = int64_t{1} << kTreeBits;

constexpr int64_t kMostNodes = int64_t{1} << 22;

// How many decisions the estimate of all columns is worth to a column.
constexpr uint32_t kPrior = 16;

// The share of a column's own estimate, count / (count + kPrior), in 2^-16.
constexpr auto kOwnShare = [] {
  std::array<int32_t, AdaptiveBit::kMostCount + 1> shares{};
  for (uint32_t count = 0; count < shares.size(); ++count) {
    shares[count] =
        static_cast<int32_t>((uint64_t{count} << kProbabilityBits) / (count + kPrior));
  }
  return shares;
}();

}  // namespace

SymbolModel::SymbolModel(const SymbolShape& shape) : shape_(shape) {
  const int64_t nodes = NodesPerSymbol();
  // Sharing columns are of one kind.
  const int64_t most = kMostNodes / nodes / shape.kinds * shape.kinds;
  columns_ = std::min(shape.row_symbols, most);
  shared_.resize(static_cast<size_t>(shape.kinds * nodes));
  if (columns_ > shape.kinds) own_.resize(static_cast<size_t>(columns_ * nodes));
}

int64_t SymbolModel::NodesPerSymbol() const {
  return shape_.symbol_bits <= kTreeBits ? int64_t{1} << shape_.symbol_bits
                                         : kTreeNodes + shape_.symbol_bits - kTreeBits;
}

void SymbolModel::BeginSymbol(int64_t column) {
  const int64_t nodes = NodesPerSymbol();
  shared_nodes_ = shared_.data() + column % shape_.kinds * nodes;
  own_nodes_ = own_.empty() ? nullptr : own_.data() + column % columns_ * nodes;
  node_ = 1;
}

uint32_t SymbolModel::Probability() const {
  auto probability = static_cast<int32_t>(shared_nodes_[node_].probability());
  if (own_nodes_ != nullptr) {
    const AdaptiveBit& own = own_nodes_[node_];
    const int64_t difference = static_cast<int32_t>(own.probability()) - probability;
    probability +=
        static_cast<int32_t>(difference * kOwnShare[own.count()] >> kProbabilityBits);
  }
  constexpr int32_t kLeast = kLeastProbability;
  return static_cast<uint32_t>(
      std::clamp(probability, kLeast, (1 << kProbabilityBits) - kLeast));
}

void SymbolModel::Update(bool one) {
  shared_nodes_[node_].Update(one);
  if (own_nodes_ != nullptr) own_nodes_[node_].Update(one);
  if (node_ >= kTreeNodes) {
    ++node_;
  } else {
    node_ = 2 * node_ + (one ? 1 : 0);
    if (node_ >= kTreeNodes) node_ = kTreeNodes;
  }
}

}  // namespace kvwire
