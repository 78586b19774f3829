#include <cmath>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/base/matrix.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/balanced_halving.h"
#include "common/kv/algorithms/count_section.h"
#include "common/kv/algorithms/halving_layout.h"
#include "common/kv/algorithms/halving_plan.h"
#include "common/kv/algorithms/section_sequence.h"
#include "common/kv/algorithms/token_randomness.h"
#include "common/kv/nonzero_rows.h"
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
// Zero tokens are counted, and weigh e^0 each. The tokens of a scale are all visible until
// the next one begins: then, and in any snapshot, they are taken in.
// Sections: the number of tokens that are not zero; their rows, which are the first tokens,
// then the levels from the highest down, then the window.
class BalanceCache : public RowCache {
 public:
  BalanceCache(const CacheSetup& setup, const HalvingLayout& layout, const BalancedWalk& walk)
      : RowCache(setup),
        layout_(layout),
        walk_(walk),
        randomness_(setup.seed, kWalkUse),
        rows_(width()) {}

  // Checks the memory of `rows` rows and of the counter of `stored` tokens among `tokens`.
  absl::Status CheckRows(int64_t rows, int64_t stored, int64_t tokens) const {
    const int64_t counter_bytes = CountSectionOf(CountIfAny(stored).size(), tokens).bytes();
    return CheckMemory(SaturatingSum(SaturatingProduct(rows, RowBytes()), counter_bytes),
                       setup().memory_limit_bytes);
  }
  // What is left of the frame.
  absl::Status CheckFrame() const {
    if (!setup().frame.has_value()) return absl::OkStatus();
    const int64_t tokens = setup().frame->rows();
    return CheckRows(layout_.Rows(tokens), tokens, tokens);
  }

  absl::Status Append(const TokenBlock& block) override;
  void VisitRows(BlockVisitor visitor) const override;
  int64_t ZeroRows() const override { return tokens_ - stored_; }
  int64_t tokens() const override { return tokens_; }

  std::vector<SnapshotSection> Sections() const override {
    return {CountSectionOf(CountIfAny(stored_).size(), tokens_),
            {SectionContent::kRows32, 8 * layout_.Rows(stored_) * RowBytes(), 8, RowBytes()}};
  }
  absl::Status WriteSection(size_t index, ByteSink sink) const override;
  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override;
  absl::Status EndRestore() override;

 private:
  int64_t RowBytes() const { return TokenRows<float>::RowBytes(width()); }
  // The rows that stay once the open scale is taken in.
  std::vector<int64_t> Staying() const;
  std::vector<int64_t> Halve(int64_t token, int64_t level,
                             absl::Span<const int64_t> rows) const;
  // ln of the weight of each row, in order.
  std::vector<float> LogWeights() const;
  absl::Status BeginRows(SnapshotSection section);
  absl::Status RestoreRow(std::string_view bytes);
  absl::Status EndSection(size_t index);

  HalvingLayout layout_;
  BalancedWalk walk_;
  TokenRandomness randomness_;
  int64_t tokens_ = 0;
  int64_t stored_ = 0;  // of these, not zero
  int64_t taken_ = 0;   // of these, taken in; the others are those of the open scale
  bool scale_closed_ = true;
  TokenRows<float> rows_;  // layout_.Rows(taken_) of what was taken in, and the others

  SectionSequence restoring_{2};
  CountSection counts_section_;
  RowSection rows_section_;
};

absl::Status BalanceCache::Append(const TokenBlock& block) {
  KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup(), tokens_));
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<int64_t> stored,
                          StoredRows<float>(block, width(), tokens_));
  const auto added = static_cast<int64_t>(stored.size());
  const int64_t held = scale_closed_ ? layout_.Rows(stored_) : rows_.rows();
  KVWIRE_RETURN_IF_ERROR(CheckRows(held + added, stored_ + added, tokens_ + block.rows));
  if (scale_closed_) {
    if (held < rows_.rows()) rows_.KeepRows(Staying());
    taken_ = stored_;
  }
  std::vector<float> row(static_cast<size_t>(2 * width()));
  for (const int64_t i : stored) {
    LoadRow<float>(block, i, width(), absl::MakeSpan(row));
    rows_.Append(row);
  }
  stored_ += added;
  tokens_ += block.rows;
  scale_closed_ = block.closes_scale;
  return absl::OkStatus();
}

std::vector<int64_t> BalanceCache::Staying() const {
  HalvingPlan plan(layout_, taken_);
  for (int64_t token = taken_; token < stored_; ++token) {
    plan.Take([this](int64_t at, int64_t level, absl::Span<const int64_t> rows) {
      return Halve(at, level, rows);
    });
  }
  return plan.Rows();
}

std::vector<int64_t> BalanceCache::Halve(int64_t token, int64_t level,
                                         absl::Span<const int64_t> rows) const {
  Matrix keys(static_cast<int64_t>(rows.size()), width());
  Matrix values(keys.rows(), width());
  for (int64_t i = 0; i < keys.rows(); ++i) {
    rows_.CopyRows(rows[static_cast<size_t>(i)], keys.middleRows(i, 1),
                   values.middleRows(i, 1));
  }
  std::vector<int64_t> kept = HalveBalanced(walk_, keys, values, [&](int64_t pair) {
    return randomness_.Uniform(token, level * HalvingLayout::kMostBlock + pair);
  });
  for (int64_t& row : kept) row = rows[static_cast<size_t>(row)];
  return kept;
}

std::vector<float> BalanceCache::LogWeights() const {
  std::vector<float> weights(static_cast<size_t>(layout_.Sinks(taken_)), 0);
  for (int64_t level = layout_.Levels(taken_); level-- > 0;) {
    weights.resize(weights.size() + static_cast<size_t>(layout_.LevelRows(taken_, level)),
                   static_cast<float>(static_cast<double>(level) * std::log(2.0)));
  }
  weights.resize(static_cast<size_t>(rows_.rows()), 0);
  return weights;
}

void BalanceCache::VisitRows(BlockVisitor visitor) const {
  const std::vector<float> weights = LogWeights();
  int64_t first = 0;
  rows_.VisitBlocks([&](const KeyValueBlock& block) {
    visitor({block.keys, block.values, weights.data() + first});
    first += block.keys.rows();
  });
}

absl::Status BalanceCache::WriteSection(size_t index, ByteSink sink) const {
  if (index == 0) return PackCounts(CountIfAny(stored_), tokens_).Write(sink);
  const int64_t rows = layout_.Rows(stored_);
  std::vector<int64_t> staying;
  if (rows < rows_.rows()) staying = Staying();
  return WriteRows(rows, RowBytes(), sink, [&](int64_t row, std::string& out) {
    rows_.AppendSerialized(staying.empty() ? row : staying[static_cast<size_t>(row)], out);
  });
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
  KVWIRE_RETURN_IF_ERROR(rows_section_.Begin(section, SectionContent::kRows32, RowBytes()));
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
  std::vector<float> row(static_cast<size_t>(2 * width()));
  KVWIRE_RETURN_IF_ERROR(ParseNonzeroRow<float>(bytes, rows_.rows(), absl::MakeSpan(row)));
  rows_.Append(row);
  return absl::OkStatus();
}

absl::Status BalanceCache::EndSection(size_t index) {
  if (index > 0) return rows_section_.End();
  KVWIRE_ASSIGN_OR_RETURN(stored_, counts_section_.EndOnly());
  taken_ = stored_;
  return CheckRows(layout_.Rows(stored_), stored_, tokens_);
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
  KVWIRE_RETURN_IF_ERROR(cache->CheckFrame());
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
