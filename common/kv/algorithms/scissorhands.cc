#include <algorithm>
#include <bit>
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

constexpr int kWordBits = 64;
constexpr int kHalfBits = kWordBits / 2;

enum class Mark { kLength, kPercentile };

struct Options {
  int64_t budget = 256;
  int64_t history = 100;
  int64_t recent = 10;
  int64_t drop = 1;
  Mark mark = Mark::kLength;

  static absl::StatusOr<Options> FromSpec(const AlgorithmSpec& spec);
};

absl::StatusOr<Options> Options::FromSpec(const AlgorithmSpec& spec) {
  Options options;
  KVWIRE_ASSIGN_OR_RETURN(options.budget, spec.IntOption("budget", 256, 1, kMaxBudget));
  KVWIRE_ASSIGN_OR_RETURN(options.history, spec.IntOption("history", 100, 1, 65536));
  KVWIRE_ASSIGN_OR_RETURN(options.recent, spec.IntOption("recent", 10, 0, kMaxBudget));
  KVWIRE_ASSIGN_OR_RETURN(options.drop, spec.IntOption("drop", 1, 1, kMaxBudget));
  if (options.recent + options.drop > options.budget) {
    return absl::InvalidArgumentError(
        absl::StrCat("algorithm scissorhands: recent=", options.recent,
                     " and drop=", options.drop, " are more than budget=", options.budget));
  }
  KVWIRE_ASSIGN_OR_RETURN(const int mark, spec.ChoiceOption("mark", {"length", "percentile"}));
  options.mark = static_cast<Mark>(mark);
  KVWIRE_RETURN_IF_ERROR(CheckFormatOption(spec));
  return options;
}

// For each row, which of the last queries marked it; bit 0 is the last query.
class Histories {
 public:
  Histories(int64_t queries, int64_t rows)
      : queries_(queries),
        words_each_(static_cast<size_t>((queries + kWordBits - 1) / kWordBits)),
        words_(words_each_ * static_cast<size_t>(rows)) {}

  void Set(int64_t row, int64_t query) {
    WordsOf(row)[query / kWordBits] |= uint64_t{1} << query % kWordBits;
  }

  // Reads what Write wrote of as many rows as there are bits for, as it is `shift` queries
  // later.
  void Read(const PackedBits& bits, int64_t shift) {
    for (int64_t row = 0; row < bits.bits() / queries_; ++row) {
      for (int64_t query = 0; query + shift < queries_; query += kHalfBits) {
        const int64_t width = std::min<int64_t>(kHalfBits, queries_ - shift - query);
        const uint64_t part = bits.Get(row * queries_ + query, static_cast<int>(width));
        const int64_t at = query + shift;
        WordsOf(row)[at / kWordBits] |= part << at % kWordBits;
        if (at % kWordBits + width > kWordBits) {
          WordsOf(row)[at / kWordBits + 1] |= part >> (kWordBits - at % kWordBits);
        }
      }
    }
  }

  void Write(int64_t row, PackedBits& bits) const {
    for (int64_t query = 0; query < queries_; query += kHalfBits) {
      const uint64_t part = WordsOf(row)[query / kWordBits] >> query % kWordBits;
      const auto width = static_cast<int>(std::min<int64_t>(kHalfBits, queries_ - query));
      bits.Put(part & ((uint64_t{1} << width) - 1), width);
    }
  }

  int64_t Marks(int64_t row) const {
    int64_t marks = 0;
    for (size_t i = 0; i < words_each_; ++i) marks += std::popcount(WordsOf(row)[i]);
    return marks;
  }

 private:
  uint64_t* WordsOf(int64_t row) {
    return words_.data() + static_cast<size_t>(row) * words_each_;
  }
  const uint64_t* WordsOf(int64_t row) const {
    return words_.data() + static_cast<size_t>(row) * words_each_;
  }

  int64_t queries_;
  size_t words_each_;
  std::vector<uint64_t> words_;  // [rows, words_each_]
};

// Scissorhands: a token that was pivotal stays pivotal (Liu et al. 2023). A query marks the
// tokens to which it pays more attention than a threshold; where more than `budget` tokens
// are held, the `drop` with the fewest marks by the last `history` queries go, as often as
// it takes, but none of the `recent` last ones. What a token weighs is one bit a query.
//
// The paper's threshold is 1/t, t the length of the stream. Once most of the stream is
// evicted a query has its attention to give to few tokens, and marks nearly all of them:
// the authors' program has another, the 90th percentile of the query's own probabilities,
// which is the entry floor(0.9 t) of them in order, t tokens being visible.
//
// Sections of evicting_cache.h: rows, counters, and scores of `history` bits a row, the
// mark of the last query lowest.
class ScissorhandsPolicy : public EvictionPolicy {
 public:
  ScissorhandsPolicy(const Options& options, double scale)
      : options_(options), scale_(scale) {}

  int64_t most_rows() const override { return options_.budget; }
  int64_t least_rows() const override { return options_.budget - options_.drop + 1; }
  SnapshotSection note() const override {
    return {SectionContent::kScores, options_.history, 1, options_.history};
  }
  bool needs_scale_queries() const override { return true; }
  Survivors Close(const HeldTokens& held) const override;
  absl::Status CheckNotes(const PackedBits& notes, int64_t tokens) const override;

 private:
  double Threshold(absl::Span<const double> probabilities, double zero_probability,
                   const HeldTokens& held) const;
  void MarkBy(const HeldTokens& held, Histories& histories) const;
  std::vector<int64_t> Choose(const HeldTokens& held, const Histories& histories) const;

  Options options_;
  double scale_;
};

double ScissorhandsPolicy::Threshold(absl::Span<const double> probabilities,
                                     double zero_probability, const HeldTokens& held) const {
  if (options_.mark == Mark::kLength) return 1 / static_cast<double>(held.tokens);
  auto place = static_cast<int64_t>(0.9 * static_cast<double>(held.rows + held.zeros));
  std::vector<double> sorted(probabilities.begin(), probabilities.end());
  const auto below = std::partition(sorted.begin(), sorted.end(), [&](double probability) {
    return probability < zero_probability;
  });
  if (place >= below - sorted.begin()) {
    if (place < below - sorted.begin() + held.zeros) return zero_probability;
    place -= held.zeros;
  }
  std::nth_element(sorted.begin(), sorted.begin() + place, sorted.end());
  return sorted[static_cast<size_t>(place)];
}

void ScissorhandsPolicy::MarkBy(const HeldTokens& held, Histories& histories) const {
  const auto mark = [&](int64_t position, absl::Span<const double> probabilities,
                        double zero_probability) {
    const double threshold = Threshold(probabilities, zero_probability, held);
    const int64_t age = held.scale.tokens() - 1 - position;
    for (int64_t row = 0; row < held.rows; ++row) {
      if (probabilities[static_cast<size_t>(row)] > threshold) histories.Set(row, age);
    }
  };
  const std::vector<int64_t>& positions = held.scale.query_positions();
  const int64_t first = std::max(int64_t{0}, held.scale.tokens() - options_.history);
  const int64_t skipped =
      std::lower_bound(positions.begin(), positions.end(), first) - positions.begin();
  VisitLogits(held.blocks, held.rows, held.scale.Queries(skipped), scale_,
              [&](int64_t query, absl::Span<double> logits) {
                const double zero = PortableSoftmax(logits, held.zeros);
                mark(positions[static_cast<size_t>(skipped + query)], logits, zero);
              });
  const double uniform = 1 / static_cast<double>(held.rows + held.zeros);
  const std::vector<double> alike(static_cast<size_t>(held.rows), uniform);
  auto next = positions.begin() + skipped;
  for (int64_t position = first; position < held.scale.tokens(); ++position) {
    if (next != positions.end() && *next == position) {
      ++next;
    } else {
      mark(position, alike, uniform);
    }
  }
}

std::vector<int64_t> ScissorhandsPolicy::Choose(const HeldTokens& held,
                                                const Histories& histories) const {
  const int64_t excess = held.rows - options_.budget;
  const int64_t dropped = (excess + options_.drop - 1) / options_.drop * options_.drop;
  std::vector<double> marks(static_cast<size_t>(held.rows - options_.recent));
  for (size_t row = 0; row < marks.size(); ++row) {
    marks[row] = static_cast<double>(histories.Marks(static_cast<int64_t>(row)));
  }
  std::vector<int64_t> rows = LargestScores(marks, held.rows - options_.recent - dropped);
  for (int64_t row = held.rows - options_.recent; row < held.rows; ++row) rows.push_back(row);
  return rows;
}

Survivors ScissorhandsPolicy::Close(const HeldTokens& held) const {
  Histories histories(options_.history, held.rows);
  histories.Read(held.notes, held.scale.tokens());
  MarkBy(held, histories);
  Survivors survivors;
  if (held.rows > options_.budget) survivors.rows = Choose(held, histories);
  for (int64_t i = 0; i < survivors.Count(held.rows); ++i) {
    histories.Write(survivors.rows.has_value() ? (*survivors.rows)[static_cast<size_t>(i)] : i,
                    survivors.notes);
  }
  return survivors;
}

absl::Status ScissorhandsPolicy::CheckNotes(const PackedBits& notes, int64_t tokens) const {
  for (int64_t first = 0; first < notes.bits(); first += options_.history) {
    for (int64_t query = tokens; query < options_.history; ++query) {
      if (notes.Get(first + query, 1) == 0) continue;
      return absl::DataLossError(absl::StrCat("row ", first / options_.history,
                                              " was marked by query -", query + 1, " of ",
                                              tokens));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return Options::FromSpec(spec).status();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const Options options, Options::FromSpec(setup.spec));
  KVWIRE_ASSIGN_OR_RETURN(const double scale, ScoreScale(setup.spec, setup.dims));
  return CreateEvictingCache(setup, std::make_unique<ScissorhandsPolicy>(options, scale));
}

constexpr AlgorithmOption kOptions[] = {
    {"budget", "256", "tokens kept"},
    {"history", "100", "queries whose marks count"},
    {"recent", "10", "most recent tokens, never dropped"},
    {"drop", "1", "tokens dropped at once"},
    {"mark", "length", "what a query marks: p > 1/t, or p over its own 90th percentile"},
    kFormatOption,
};

}  // namespace

KvAlgorithm DescribeScissorhands() {
  return {.name = "scissorhands",
          .code = 14,
          .kind = AlgorithmKind::kEvictor,
          .summary = "the tokens that most of the last queries found pivotal",
          .reference = "Liu et al. 2023, arXiv 2305.17118",
          .state_bits = "(64 d + history) k + 64, k = min(n, budget) if drop=1",
          .options = kOptions,
          .attention = AttentionSupport::kOrdinary,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
