#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/balanced_halving.h"
#include "common/kv/algorithms/block_tokens.h"
#include "common/kv/algorithms/count_section.h"
#include "common/kv/algorithms/halving_layout.h"
#include "common/kv/algorithms/recent_rows.h"
#include "common/kv/algorithms/row_pieces.h"
#include "common/kv/algorithms/section_sequence.h"
#include "common/kv/algorithms/slot_rows.h"
#include "common/kv/algorithms/token_randomness.h"
#include "common/kv/algorithms/weighted_rows.h"
#include "common/kv/registry.h"
#include "common/kv/row_cache.h"
#include "common/kv/score_scale.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

constexpr uint64_t kWalkUse = 0x6b6c6177636c6162;  // "balcwalk"

absl::StatusOr<double> Gamma(const AlgorithmSpec& spec) {
  return spec.RealOption("gamma", 4, 0, 1e6);
}

// BalanceKV: the first tokens and a window of the last ones as they are; what has left the
// window is gathered in blocks, a full block is halved (balanced_halving.h), and two
// halves of one level are merged and halved again. A row of level l stands for 2^l tokens.
// Zero tokens are counted, and weigh e^0 each. A token is taken in when it is appended, so
// within a scale longer than the window some are halved before its queries are asked.
// Sections: the number of tokens that are not zero; their rows, which are the first tokens,
// then the levels from the highest down, then the window.
class BalanceCache : public RowCache {
 public:
  BalanceCache(const CacheSetup& setup, const HalvingLayout& layout, const BalancedWalk& walk)
      : RowCache(setup),
        layout_(layout),
        walk_(walk),
        randomness_(setup.seed, kWalkUse),
        sinks_(2 * width()),
        window_(layout.window, 2 * width()),
        levels_(1, SlotRows(2 * width())) {}

  // Checks the memory of the rows and the counter of `stored` tokens among `tokens`.
  absl::Status CheckTokens(int64_t stored, int64_t tokens) const {
    const int64_t counter_bytes = CountSectionOf(CountIfAny(stored).size(), tokens).bytes();
    const int64_t rows_bytes = SaturatingProduct(layout_.MostRows(stored), sinks_.row_bytes());
    return CheckMemory(SaturatingSum(rows_bytes, counter_bytes), setup().memory_limit_bytes);
  }

  absl::Status Append(const TokenBlock& block) override;
  void VisitRows(BlockVisitor visitor) const override;
  int64_t ZeroRows() const override { return tokens_ - stored_; }
  int64_t tokens() const override { return tokens_; }

  std::vector<SnapshotSection> Sections() const override {
    return {CountSectionOf(CountIfAny(stored_).size(), tokens_),
            {SectionContent::kRows32, 8 * layout_.Rows(stored_) * sinks_.row_bytes(), 8,
             sinks_.row_bytes()}};
  }
  absl::Status WriteSection(size_t index, ByteSink sink) const override;
  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override;
  absl::Status EndRestore() override;

 private:
  // Calls visit(row, level) for all rows in the order of the snapshot.
  void ForEachRow(absl::FunctionRef<void(absl::Span<const float>, size_t)> visit) const;

  void Take(int64_t token, absl::Span<const float> row);
  // Takes a token that has left the window.
  void Pass(int64_t token, absl::Span<const float> row);
  SlotRows Halve(int64_t token, int64_t level, const SlotRows& rows) const;
  absl::Status BeginRows(SnapshotSection section);
  absl::Status RestoreRow(std::string_view bytes);
  absl::Status EndSection(size_t index);

  HalvingLayout layout_;
  BalancedWalk walk_;
  TokenRandomness randomness_;
  int64_t tokens_ = 0;
  int64_t stored_ = 0;  // of these, not zero
  SlotRows sinks_;
  RecentRows window_;
  std::vector<SlotRows> levels_;

  SectionSequence restoring_{2};
  CountSection counts_section_;
  RowSection rows_section_;
};

void BalanceCache::ForEachRow(
    absl::FunctionRef<void(absl::Span<const float>, size_t)> visit) const {
  for (int64_t i = 0; i < sinks_.rows(); ++i) visit(sinks_.row(i), 0);
  for (size_t level = levels_.size(); level-- > 0;) {
    for (int64_t i = 0; i < levels_[level].rows(); ++i) visit(levels_[level].row(i), level);
  }
  for (int64_t i = 0; i < window_.rows(); ++i) visit(window_.row(i), 0);
}

absl::Status BalanceCache::Append(const TokenBlock& block) {
  KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup(), tokens_));
  const BlockTokens tokens(block, width());
  KVWIRE_RETURN_IF_ERROR(CheckTokens(stored_ + tokens.size(), tokens_ + block.rows));
  std::vector<float> row;
  for (int64_t i = 0; i < tokens.size(); ++i) {
    row.assign(tokens.key(i).begin(), tokens.key(i).end());
    row.insert(row.end(), tokens.value(i).begin(), tokens.value(i).end());
    Take(tokens_ + tokens.row(i), row);
  }
  tokens_ += block.rows;
  return absl::OkStatus();
}

void BalanceCache::Take(int64_t token, absl::Span<const float> row) {
  ++stored_;
  if (sinks_.rows() < layout_.sinks) {
    sinks_.Append(row);
    return;
  }
  if (layout_.window == 0) {
    Pass(token, row);
  } else if (window_.full()) {
    const auto leaving = window_.row(0);
    Pass(token, std::vector<float>(leaving.begin(), leaving.end()));
  }
  window_.Push(row);
}

void BalanceCache::Pass(int64_t token, absl::Span<const float> row) {
  levels_.front().Append(row);
  if (levels_.front().rows() < layout_.block) return;
  SlotRows half = Halve(token, 0, levels_.front());
  levels_.front() = SlotRows(2 * width());
  for (size_t level = 1;; ++level) {
    if (level == levels_.size()) levels_.emplace_back(2 * width());
    SlotRows& resting = levels_[level];
    if (resting.rows() == 0) {
      resting = std::move(half);
      return;
    }
    SlotRows both = std::move(resting);
    resting = SlotRows(2 * width());
    for (int64_t i = 0; i < half.rows(); ++i) both.Append(half.row(i));
    half = Halve(token, static_cast<int64_t>(level), both);
  }
}

SlotRows BalanceCache::Halve(int64_t token, int64_t level, const SlotRows& rows) const {
  return HalveBalanced(walk_, rows, [&](int64_t pair) {
    return randomness_.Uniform(token, level * HalvingLayout::kMostBlock + pair);
  });
}

void BalanceCache::VisitRows(BlockVisitor visitor) const {
  WeightedRows weighted(width(), visitor);
  const auto half = static_cast<size_t>(width());
  ForEachRow([&](absl::Span<const float> row, size_t level) {
    weighted.Add(row.first(half), row.last(half), static_cast<double>(level) * std::log(2.0));
  });
  weighted.Finish();
}

absl::Status BalanceCache::WriteSection(size_t index, ByteSink sink) const {
  if (index == 0) return PackCounts(CountIfAny(stored_), tokens_).Write(sink);
  RowPieces pieces(sink);
  ForEachRow([&](absl::Span<const float> row, size_t) { pieces.Add(row); });
  return pieces.Finish();
}

absl::Status BalanceCache::BeginSection(int64_t tokens, SnapshotSection section) {
  tokens_ = tokens;
  return restoring_.Next([this](size_t index) { return EndSection(index); },
                         [&](size_t index) {
                           return index == 0 ? counts_section_.Begin(tokens, section, 1)
                                             : BeginRows(section);
                         });
}

absl::Status BalanceCache::BeginRows(SnapshotSection section) {
  KVWIRE_RETURN_IF_ERROR(
      rows_section_.Begin(section, SectionContent::kRows32, sinks_.row_bytes()));
  if (rows_section_.rows() == layout_.Rows(stored_)) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(rows_section_.rows(), " rows where ",
                                          layout_.Rows(stored_), " of ", stored_,
                                          " tokens are due"));
}

absl::Status BalanceCache::RestoreBytes(std::string_view piece) {
  if (restoring_.current() == 0) return counts_section_.Append(piece);
  return rows_section_.Append(piece,
                              [this](std::string_view bytes) { return RestoreRow(bytes); });
}

absl::Status BalanceCache::RestoreRow(std::string_view bytes) {
  if (sinks_.rows() < layout_.Sinks(stored_)) return sinks_.AppendParsedToken(bytes);
  for (size_t level = levels_.size(); level-- > 0;) {
    if (levels_[level].rows() < layout_.LevelRows(stored_, static_cast<int64_t>(level))) {
      return levels_[level].AppendParsedToken(bytes);
    }
  }
  SlotRows token(2 * width());
  KVWIRE_RETURN_IF_ERROR(token.AppendParsedToken(bytes));
  window_.Push(token.row(0));
  return absl::OkStatus();
}

absl::Status BalanceCache::EndSection(size_t index) {
  if (index > 0) return rows_section_.End();
  KVWIRE_ASSIGN_OR_RETURN(stored_, counts_section_.EndOnly());
  levels_.resize(static_cast<size_t>(layout_.Levels(stored_)), SlotRows(2 * width()));
  return CheckTokens(stored_, tokens_);
}

absl::Status BalanceCache::EndRestore() {
  return restoring_.Finish([this](size_t index) { return EndSection(index); });
}

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  KVWIRE_RETURN_IF_ERROR(HalvingLayout::FromSpec(spec).status());
  return Gamma(spec).status();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const HalvingLayout layout, HalvingLayout::FromSpec(setup.spec));
  BalancedWalk walk;
  KVWIRE_ASSIGN_OR_RETURN(walk.scale, ScoreScale(setup.spec, setup.dims));
  KVWIRE_ASSIGN_OR_RETURN(walk.gamma, Gamma(setup.spec));
  auto cache = std::make_unique<BalanceCache>(setup, layout, walk);
  if (setup.frame.has_value()) {
    KVWIRE_RETURN_IF_ERROR(cache->CheckTokens(setup.frame->rows(), setup.frame->rows()));
  }
  return cache;
}

constexpr AlgorithmOption kOptions[] = {
    {"sinks", "16", "tokens kept from the beginning of the stream"},
    {"window", "64", "most recent tokens kept"},
    {"block", "128", "tokens halved at once"},
    {"gamma", "4", "pull of the walk towards balance; 0: independent coins"},
};

}  // namespace

KvAlgorithm DescribeBalancekv() {
  return {.name = "balancekv",
          .code = 24,
          .kind = AlgorithmKind::kSketch,
          .summary = "BalanceKV: blocks halved by a self-balancing walk, sinks and window",
          .reference = "Han, Kapralov, Kochetkova, Sheth, Zandieh 2025, arXiv 2502.07861",
          .state_bits =
              "p = max(0, n - sinks - window), h = the ones in p / block, N tokens with the "
              "zero ones: 64 d (n - p + p mod block + h block / 2) + ceil(log2(N + 1))",
          .options = kOptions,
          .attention = AttentionSupport::kOrdinary,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
