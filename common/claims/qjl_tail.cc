#include "common/claims/qjl_tail.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/counter_rng.h"
#include "common/base/parallel.h"

namespace kvwire {
namespace {

constexpr int64_t kUsualDraws = 30000;
constexpr int64_t kDrawsAtOnce = 256;

// The bytes "qjl_tail".
constexpr uint64_t kStream = 0x6c6961745f6c6a71;

struct Setting {
  double epsilon;
  double delta;
};

constexpr Setting kSettings[] = {{0.1, 0.001}, {0.1, 0.05}, {0.3, 0.001}};

int64_t RowsAt(double constant, double epsilon, double delta) {
  return static_cast<int64_t>(std::ceil(constant / (epsilon * epsilon) * std::log(2 / delta)));
}

// Whether each trial fails on one sketch; `trials` in order of rows.
void RunDraw(const CounterRng& rng, int64_t draw, absl::Span<const SketchTrial> trials,
             absl::Span<int64_t> failures) {
  uint64_t counter = static_cast<uint64_t>(2 * draw * trials.back().rows);
  double sum = 0;
  int64_t row = 0;
  for (size_t i = 0; i < trials.size(); ++i) {
    for (; row < trials[i].rows; ++row, counter += 2) {
      const double along_query = rng.Normal(counter);
      sum += rng.Normal(counter + 1) > 0 ? along_query : -along_query;
    }
    const double error =
        std::sqrt(std::numbers::pi / 2) * sum / static_cast<double>(trials[i].rows);
    failures[i] += std::fabs(error) > trials[i].epsilon ? 1 : 0;
  }
}

}  // namespace

int64_t PrintedSketchRows(double epsilon, double delta) {
  return RowsAt(4.0 / 3 * (1 + epsilon), epsilon, delta);
}

int64_t ProvedSketchRows(double epsilon, double delta) {
  return RowsAt(std::numbers::pi, epsilon, delta);
}

std::vector<Proportion> MeasureSketchFailures(absl::Span<const SketchTrial> trials,
                                              int64_t draws, uint64_t seed) {
  std::vector<size_t> order(trials.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return trials[a].rows < trials[b].rows; });
  std::vector<SketchTrial> sorted;
  sorted.reserve(trials.size());
  for (const size_t i : order) sorted.push_back(trials[i]);
  const CounterRng rng(seed, kStream);
  const int64_t parts = (draws + kDrawsAtOnce - 1) / kDrawsAtOnce;
  std::vector<std::vector<int64_t>> failures(static_cast<size_t>(parts),
                                             std::vector<int64_t>(trials.size()));
  ParallelFor(parts, [&](int64_t part) {
    const int64_t end = std::min(draws, (part + 1) * kDrawsAtOnce);
    for (int64_t draw = part * kDrawsAtOnce; draw < end; ++draw) {
      RunDraw(rng, draw, sorted, absl::MakeSpan(failures[static_cast<size_t>(part)]));
    }
  });
  std::vector<Proportion> rates(trials.size(), {0, draws});
  for (const std::vector<int64_t>& part : failures) {
    for (size_t i = 0; i < order.size(); ++i) rates[order[i]].successes += part[i];
  }
  return rates;
}

Outcome JudgeQjlTail(absl::Span<const SketchTail> tails) {
  bool as_printed = true;
  bool refuted = false;
  bool proved = true;
  for (const SketchTail& tail : tails) {
    if (tail.proved.lower > tail.delta) return Outcome::kDoesNotHold;
    as_printed = as_printed && tail.printed.upper <= tail.delta;
    refuted = refuted || tail.printed.lower > tail.delta;
    proved = proved && tail.proved.upper <= tail.delta;
  }
  if (as_printed) return Outcome::kHolds;
  return refuted && proved ? Outcome::kHoldsWithOtherConstants : Outcome::kUndecided;
}

absl::StatusOr<ClaimReport> CheckQjlTail(const ClaimOptions& options) {
  std::vector<SketchTrial> trials;
  for (const auto& [epsilon, delta] : kSettings) {
    trials.push_back({PrintedSketchRows(epsilon, delta), epsilon});
    trials.push_back({ProvedSketchRows(epsilon, delta), epsilon});
  }
  const int64_t draws = options.Draws(kUsualDraws);
  const std::vector<Proportion> failures = MeasureSketchFailures(trials, draws, options.seed);
  ClaimReport report;
  report.setting = absl::StrFormat(
      "%d Gaussian sketches; unit vectors with <q, k> = 0, where the error is largest", draws);
  std::vector<SketchTail> tails;
  std::vector<std::string> multiples[2];  // of delta, printed and proved
  for (size_t i = 0; i < trials.size(); ++i) {
    const auto& [epsilon, delta] = kSettings[i / 2];
    report.figures.emplace_back(
        absl::StrFormat("failures, eps %g, delta %g, m = %d (%s)", epsilon, delta,
                        trials[i].rows, i % 2 == 0 ? "printed" : "pi ln(2/delta) / eps^2"),
        failures[i]);
    multiples[i % 2].push_back(absl::StrFormat("%.2g", failures[i].rate() / delta));
    if (i % 2 == 0) continue;
    tails.push_back({delta, failures[i - 1].interval(), failures[i].interval()});
  }
  report.outcome = JudgeQjlTail(tails);
  report.measured = absl::StrFormat(
      "failures, in units of the delta allowed: %s with the printed m, %s with "
      "pi ln(2/delta) / eps^2",
      absl::StrJoin(multiples[0], ", "), absl::StrJoin(multiples[1], ", "));
  report.why =
      "A term's second moment is (pi/2) |q|^2 |k|^2. Bernstein's bound then has pi + "
      "(4/3) eps for (4/3) (1 + eps), and terms are sub-Gaussian: pi alone is enough.";
  return report;
}

}  // namespace kvwire
