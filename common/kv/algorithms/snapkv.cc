#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/evicting_cache.h"
#include "common/kv/portable_scores.h"
#include "common/kv/registry.h"
#include "common/kv/row_ranking.h"
#include "common/kv/score_scale.h"

namespace kvwire {
namespace {

struct Options {
  int64_t window = 32;
  int64_t cap = 2048;
  int64_t kernel = 5;
  Pooling pooling = Pooling::kSum;

  static absl::StatusOr<Options> FromSpec(const AlgorithmSpec& spec);
};

absl::StatusOr<Options> Options::FromSpec(const AlgorithmSpec& spec) {
  Options options;
  KVWIRE_ASSIGN_OR_RETURN(options.window, spec.IntOption("window", 32, 1, kMaxBudget));
  KVWIRE_ASSIGN_OR_RETURN(options.cap, spec.IntOption("cap", 2048, 1, kMaxBudget));
  if (options.window >= options.cap) {
    return absl::InvalidArgumentError(absl::StrCat("algorithm snapkv: window=", options.window,
                                                   " must be less than cap=", options.cap));
  }
  KVWIRE_ASSIGN_OR_RETURN(options.kernel, spec.IntOption("kernel", 5, 1, 65535));
  if (options.kernel % 2 == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("algorithm snapkv: kernel=", options.kernel, " must be odd"));
  }
  KVWIRE_ASSIGN_OR_RETURN(const int pooling, spec.ChoiceOption("pooling", {"avg", "max"}));
  options.pooling = pooling == 0 ? Pooling::kSum : Pooling::kMax;
  KVWIRE_RETURN_IF_ERROR(CheckFormatOption(spec));
  return options;
}

// SnapKV: what the last queries of a prompt look at is what the answer will need (Li et al.
// 2024). The scores of the tokens before the last `window` ones are the attention
// probabilities that the last `window` queries give them, summed over these queries and
// pooled over neighbours; the best cap - window stay, and so does the window.
//
// The original selects once, when the prompt ends, and lets the cache grow from there. Here
// every scale may be the last of a prompt: the same selection is made at the close of each
// that leaves more than `cap` tokens held, so the cap holds for streams of any length. On a
// stream of single tokens the first selection is the original's, with cap + 1 tokens; its
// causal mask is that a query sees the tokens up to the end of its own scale. The queries
// of the window are part of the state. Neighbours are the tokens that are held.
//
// Sections of evicting_cache.h: rows, counters, queries, indices.
class SnapKvPolicy : public EvictionPolicy {
 public:
  SnapKvPolicy(const Options& options, double scale) : options_(options), scale_(scale) {}

  int64_t most_rows() const override { return options_.cap; }
  int64_t recent_queries() const override { return options_.window; }

  Survivors Close(const HeldTokens& held) const override {
    if (held.rows <= options_.cap) return {};
    const std::vector<double> pooled =
        PooledScores(WindowScores(held), options_.kernel, options_.pooling);
    std::vector<int64_t> rows = LargestScores(pooled, options_.cap - options_.window);
    for (int64_t row = held.rows - options_.window; row < held.rows; ++row) {
      rows.push_back(row);
    }
    return {std::move(rows), {}};
  }

 private:
  // Of the rows before the window.
  std::vector<double> WindowScores(const HeldTokens& held) const {
    std::vector<double> scores(static_cast<size_t>(held.rows - options_.window));
    const Matrix queries = held.recent.Queries();
    const std::vector<RecentQueries::Later> later = held.recent.LaterTokens();
    VisitLogits(held.blocks, held.rows,
                MatrixView(queries.data(), queries.rows(), queries.cols()), scale_,
                [&](int64_t query, absl::Span<double> logits) {
                  const auto [rows, zeros] = later[static_cast<size_t>(query)];
                  PortableSoftmax(logits.first(logits.size() - static_cast<size_t>(rows)),
                                  held.zeros - zeros);
                  for (size_t row = 0; row < scores.size(); ++row) scores[row] += logits[row];
                });
    return scores;
  }

  Options options_;
  double scale_;
};

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return Options::FromSpec(spec).status();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const Options options, Options::FromSpec(setup.spec));
  KVWIRE_ASSIGN_OR_RETURN(const double scale, ScoreScale(setup.spec, setup.dims));
  return CreateEvictingCache(setup, std::make_unique<SnapKvPolicy>(options, scale));
}

constexpr AlgorithmOption kOptions[] = {
    {"window", "32", "last queries that decide, and most recent tokens kept"},
    {"cap", "2048", "tokens kept, the window among them"},
    {"kernel", "5", "neighbours pooled, an odd number"},
    {"pooling", "avg", "of neighbours: avg or max"},
    kFormatOption,
};

}  // namespace

KvAlgorithm DescribeSnapKv() {
  return {.name = "snapkv",
          .code = 15,
          .kind = AlgorithmKind::kEvictor,
          .summary = "the tokens that the last queries look at, and the last tokens",
          .reference = "Li et al. 2024, arXiv 2404.14469",
          .state_bits = "64 d min(n, cap) + (32 d + 2) min(t, window) + 64, t tokens in all",
          .options = kOptions,
          .attention = AttentionSupport::kOrdinary,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
