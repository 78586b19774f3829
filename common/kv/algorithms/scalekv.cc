#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/kv/evicting_cache.h"
#include "common/kv/portable_scores.h"
#include "common/kv/registry.h"
#include "common/kv/row_ranking.h"
#include "common/kv/score_scale.h"

namespace kvwire {
namespace {

constexpr int64_t kGridSide = 4;
constexpr int64_t kWindow = kGridSide * kGridSide;
constexpr int64_t kKernel = 5;
constexpr int64_t kLeastBudget = kWindow;
constexpr double kNotRanked = -std::numeric_limits<double>::infinity();

// The side of a square of `tokens`, or 0 if they are none.
int64_t SquareSide(int64_t tokens) {
  int64_t low = 0;
  for (int64_t step = int64_t{1} << 30; step > 0; step /= 2) {
    if ((low + step) <= tokens / (low + step)) low += step;
  }
  return low * low == tokens ? low : 0;
}

// The observed tokens of a scale, increasing: of a map of side h, one a cell of the 4 x 4
// grid of patches of floor(h / 4), the patch's middle, rounded down. A smaller map, and
// what is no map, is observed at its last 16 tokens.
std::vector<int64_t> ObservedPositions(int64_t tokens) {
  std::vector<int64_t> positions;
  const int64_t side = SquareSide(tokens);
  if (side < kGridSide) {
    for (int64_t p = std::max(int64_t{0}, tokens - kWindow); p < tokens; ++p) {
      positions.push_back(p);
    }
    return positions;
  }
  const int64_t patch = side / kGridSide;
  for (int64_t i = 0; i < kWindow; ++i) {
    const int64_t row = i / kGridSide * patch + (patch - 1) / 2;
    const int64_t column = i % kGridSide * patch + (patch - 1) / 2;
    positions.push_back(row * side + column);
  }
  return positions;
}

// ScaleKV, for visual autoregressive models (Li et al. 2025): when a scale leaves more than
// the budget, 16 of its tokens are the observation window. They stay, and with them the
// tokens with the largest scores: <q, k> summed over the queries of the window, with no
// softmax, and the largest among five neighbours in order of arrival, the window's own
// tokens left out.
//
// The authors give each layer and scale a budget of its own, from tables that they
// calibrated for two models, and leave caches of up to 121 tokens alone. A cache here is
// one layer and has one budget; by default it is 650 tokens, the mean over the layers of
// their tables for a tenth of the memory. Their query is that of a second projection,
// without the rotation that the cached keys have had; here it is the token's query.
//
// Sections of evicting_cache.h: rows, counters.
class ScaleKvPolicy : public EvictionPolicy {
 public:
  ScaleKvPolicy(int64_t budget, double scale) : budget_(budget), scale_(scale) {}

  int64_t most_rows() const override { return budget_; }
  bool needs_scale_queries() const override { return true; }

  Survivors Close(const HeldTokens& held) const override {
    if (held.rows <= budget_) return {};
    const std::vector<int64_t> observed = ObservedPositions(held.scale.tokens());
    const std::vector<int64_t> window = WindowRows(held, observed);
    std::vector<double> scores = WindowScores(held, observed);
    for (const int64_t row : window) scores[static_cast<size_t>(row)] = kNotRanked;
    std::vector<double> pooled = PooledScores(scores, kKernel, Pooling::kMax);
    for (const int64_t row : window) pooled[static_cast<size_t>(row)] = kNotRanked;
    const std::vector<int64_t> best =
        LargestScores(pooled, budget_ - static_cast<int64_t>(window.size()));
    std::vector<int64_t> rows;
    std::merge(best.begin(), best.end(), window.begin(), window.end(),
               std::back_inserter(rows));
    return {std::move(rows), {}};
  }

 private:
  // The observed tokens that are rows.
  static std::vector<int64_t> WindowRows(const HeldTokens& held,
                                         const std::vector<int64_t>& observed) {
    std::vector<int64_t> rows;
    for (size_t i = 0; i < held.scale.row_positions().size(); ++i) {
      if (std::binary_search(observed.begin(), observed.end(),
                             held.scale.row_positions()[i])) {
        rows.push_back(held.kept + static_cast<int64_t>(i));
      }
    }
    return rows;
  }

  std::vector<double> WindowScores(const HeldTokens& held,
                                   const std::vector<int64_t>& observed) const {
    Matrix queries(0, held.scale.Queries().cols());
    for (int64_t i = 0; i < held.scale.queries(); ++i) {
      if (!std::binary_search(observed.begin(), observed.end(),
                              held.scale.query_positions()[static_cast<size_t>(i)])) {
        continue;
      }
      queries.conservativeResize(queries.rows() + 1, Eigen::NoChange);
      queries.bottomRows(1) = held.scale.Queries().row(i);
    }
    // Other observed queries are zero and add nothing.
    std::vector<double> scores(static_cast<size_t>(held.rows));
    VisitLogits(held.blocks, held.rows,
                MatrixView(queries.data(), queries.rows(), queries.cols()), scale_,
                [&](int64_t, absl::Span<double> logits) {
                  for (size_t row = 0; row < scores.size(); ++row) scores[row] += logits[row];
                });
    return scores;
  }

  int64_t budget_;
  double scale_;
};

absl::StatusOr<int64_t> BudgetOf(const AlgorithmSpec& spec) {
  KVWIRE_RETURN_IF_ERROR(CheckFormatOption(spec));
  return spec.IntOption("budget", 650, kLeastBudget, kMaxBudget);
}

absl::Status CheckOptions(const AlgorithmSpec& spec) { return BudgetOf(spec).status(); }

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const int64_t budget, BudgetOf(setup.spec));
  KVWIRE_ASSIGN_OR_RETURN(const double scale, ScoreScale(setup.spec, setup.dims));
  return CreateEvictingCache(setup, std::make_unique<ScaleKvPolicy>(budget, scale));
}

constexpr AlgorithmOption kOptions[] = {
    {"budget", "650", "tokens kept, at least the 16 that are observed"},
    kFormatOption,
};

}  // namespace

KvAlgorithm DescribeScaleKv() {
  return {.name = "scalekv",
          .code = 16,
          .kind = AlgorithmKind::kEvictor,
          .summary = "the tokens that 16 places of the last scale look at, and those 16",
          .reference = "Li, Chen, Yang, Hwang 2025, arXiv 2505.19602",
          .state_bits = "64 d min(n, budget) + 64",
          .options = kOptions,
          .attention = AttentionSupport::kOrdinary,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
