#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <numeric>
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

constexpr int kScoreBits = 32;
constexpr int kCountBits = 64;

enum class Scoring { kSum, kMean, kDecay };

struct Options {
  int64_t heavy = 4;
  int64_t recent = 512;
  Scoring scoring = Scoring::kSum;
  double factor = 0.1;

  static absl::StatusOr<Options> FromSpec(const AlgorithmSpec& spec);
};

absl::StatusOr<Options> Options::FromSpec(const AlgorithmSpec& spec) {
  Options options;
  KVWIRE_ASSIGN_OR_RETURN(options.heavy, spec.IntOption("heavy", 4, 0, kMaxBudget));
  KVWIRE_ASSIGN_OR_RETURN(options.recent, spec.IntOption("recent", 512, 0, kMaxBudget));
  if (options.heavy + options.recent == 0) {
    return absl::InvalidArgumentError(
        "algorithm h2o: heavy=0 and recent=0 would keep nothing");
  }
  KVWIRE_ASSIGN_OR_RETURN(const int scoring,
                          spec.ChoiceOption("score", {"sum", "mean", "decay"}));
  options.scoring = static_cast<Scoring>(scoring);
  KVWIRE_ASSIGN_OR_RETURN(options.factor, spec.RealOption("factor", 0.1, 0, 1));
  KVWIRE_RETURN_IF_ERROR(CheckFormatOption(spec));
  return options;
}

// base^exponent and 1 + base + ... + base^(exponent - 1), by squaring: the same bits on
// every machine.
struct Powers {
  double power = 1;
  double series = 0;
};

Powers PowersOf(double base, int64_t exponent) {
  Powers result;
  Powers square = {base, 1};
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 != 0) {
      result.series += result.power * square.series;
      result.power *= square.power;
    }
    square.series += square.power * square.series;
    square.power *= square.power;
  }
  return result;
}

// H2O: the tokens that queries have paid most attention to, the heavy hitters, and the
// most recent ones (Zhang et al. 2023). The score of a token is the sum of its attention
// probabilities over the queries that saw it, every query of its scale among them, whole
// scales being visible. It is part of the state, at binary32: a sum over millions of
// queries stops growing where a term falls below its last bit.
//
// Sums favour tokens that many queries saw; `mean` divides by their number, as kvpress
// does, and `decay` multiplies by a factor at every query (Jo and Shin 2024).
//
// Sections of evicting_cache.h: rows, counters, and scores of a binary32 a row, for means
// followed by how many queries saw it, 64 bits.
class H2oPolicy : public EvictionPolicy {
 public:
  H2oPolicy(const Options& options, double scale) : options_(options), scale_(scale) {}

  int64_t most_rows() const override { return options_.heavy + options_.recent; }
  SnapshotSection note() const override {
    const int bits = counts() ? kScoreBits + kCountBits : kScoreBits;
    return {SectionContent::kScores, bits, 8, bits / 8};
  }
  bool needs_scale_queries() const override { return true; }
  Survivors Close(const HeldTokens& held) const override;
  absl::Status CheckNotes(const PackedBits& notes, int64_t tokens) const override;

 private:
  struct Notes {
    std::vector<float> scores;
    std::vector<int64_t> counts;  // of queries; empty but for means
  };

  bool counts() const { return options_.scoring == Scoring::kMean; }
  Notes Read(const PackedBits& bits) const;
  // The notes of all held rows, the scale's queries included.
  Notes Score(const HeldTokens& held) const;

  Options options_;
  double scale_;
};

H2oPolicy::Notes H2oPolicy::Read(const PackedBits& bits) const {
  Notes notes;
  BitReader reader(bits, 0);
  for (int64_t row = bits.bits() / note().bits; row > 0; --row) {
    notes.scores.push_back(
        std::bit_cast<float>(static_cast<uint32_t>(reader.Take(kScoreBits))));
    if (!counts()) continue;
    const uint64_t low = reader.Take(kCountBits / 2);
    notes.counts.push_back(static_cast<int64_t>(low | reader.Take(kCountBits / 2) << 32));
  }
  return notes;
}

H2oPolicy::Notes H2oPolicy::Score(const HeldTokens& held) const {
  Notes notes = Read(held.notes);
  std::vector<double> sums(notes.scores.begin(), notes.scores.end());
  sums.resize(static_cast<size_t>(held.rows));
  const double factor = options_.scoring == Scoring::kDecay ? options_.factor : 1;
  const double uniform = 1 / static_cast<double>(held.rows + held.zeros);
  int64_t done = 0;
  // Queries of zero, of which there may be millions, look at all tokens alike.
  const auto take_zero_queries = [&](int64_t end) {
    const Powers powers = PowersOf(factor, end - done);
    for (double& sum : sums) sum = sum * powers.power + uniform * powers.series;
    done = end;
  };
  VisitLogits(held.blocks, held.rows, held.scale.Queries(), scale_,
              [&](int64_t query, absl::Span<double> logits) {
                const int64_t position =
                    held.scale.query_positions()[static_cast<size_t>(query)];
                if (position > done) take_zero_queries(position);
                PortableSoftmax(logits, held.zeros);
                for (size_t row = 0; row < sums.size(); ++row) {
                  sums[row] = sums[row] * factor + logits[row];
                }
                ++done;
              });
  take_zero_queries(held.scale.tokens());
  notes.scores.assign(sums.begin(), sums.end());
  if (!counts()) return notes;
  notes.counts.resize(static_cast<size_t>(held.rows));
  for (int64_t& count : notes.counts) count += held.scale.tokens();
  return notes;
}

Survivors H2oPolicy::Close(const HeldTokens& held) const {
  const Notes notes = Score(held);
  std::vector<int64_t> rows(static_cast<size_t>(held.rows));
  std::iota(rows.begin(), rows.end(), 0);
  const bool evicts = held.rows > most_rows();
  if (evicts) {
    std::vector<double> ranks(notes.scores.begin(), notes.scores.end() - options_.recent);
    for (size_t row = 0; counts() && row < ranks.size(); ++row) {
      ranks[row] /= static_cast<double>(notes.counts[row]);
    }
    const std::vector<int64_t> heavy = LargestScores(ranks, options_.heavy);
    rows.erase(rows.begin(), rows.end() - options_.recent);
    rows.insert(rows.begin(), heavy.begin(), heavy.end());
  }
  Survivors survivors;
  for (const int64_t row : rows) {
    const auto at = static_cast<size_t>(row);
    survivors.notes.Put(std::bit_cast<uint32_t>(notes.scores[at]), kScoreBits);
    if (!counts()) continue;
    const auto count = static_cast<uint64_t>(notes.counts[at]);
    survivors.notes.Put(count & 0xffffffff, kCountBits / 2);
    survivors.notes.Put(count >> 32, kCountBits / 2);
  }
  if (evicts) survivors.rows = std::move(rows);
  return survivors;
}

absl::Status H2oPolicy::CheckNotes(const PackedBits& notes, int64_t tokens) const {
  const Notes read = Read(notes);
  for (size_t row = 0; row < read.scores.size(); ++row) {
    const float score = read.scores[row];
    if (!std::isfinite(score) || std::signbit(score)) {
      return absl::DataLossError(
          absl::StrCat("the score of row ", row, ", ", score, ", is not one"));
    }
    if (!counts() || (read.counts[row] > 0 && read.counts[row] <= tokens)) continue;
    return absl::DataLossError(absl::StrCat("row ", row, " was seen by ", read.counts[row],
                                            " of ", tokens, " queries"));
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return Options::FromSpec(spec).status();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const Options options, Options::FromSpec(setup.spec));
  KVWIRE_ASSIGN_OR_RETURN(const double scale, ScoreScale(setup.spec, setup.dims));
  return CreateEvictingCache(setup, std::make_unique<H2oPolicy>(options, scale));
}

constexpr AlgorithmOption kOptions[] = {
    {"heavy", "4", "tokens kept for their score"},
    {"recent", "512", "most recent tokens kept"},
    {"score", "sum",
     "of attention probabilities: their sum, their mean, or a sum that decays by factor"},
    {"factor", "0.1", "what a score is multiplied by at each query, for score=decay"},
    kFormatOption,
};

}  // namespace

KvAlgorithm DescribeH2o() {
  return {.name = "h2o",
          .code = 13,
          .kind = AlgorithmKind::kEvictor,
          .summary = "heavy hitters by accumulated attention, and the last tokens",
          .reference = "Zhang et al. 2023, arXiv 2306.14048",
          .state_bits = "(64 d + 32) min(n, heavy + recent) + 64; score=mean: 64 a token more",
          .options = kOptions,
          .attention = AttentionSupport::kOrdinary,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
