#include "common/claims/qjl_scores.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/counter_rng.h"
#include "common/base/matrix.h"
#include "common/base/parallel.h"

namespace kvwire {
namespace {

constexpr int64_t kDims = 8;
constexpr int64_t kKeys = 1024;
constexpr double kEpsilon = 0.3;
constexpr double kDelta = 0.01;
constexpr double kAllowed = 0.1;
constexpr int64_t kUsualDraws = 40;

// The bytes "qjl_scor".
constexpr uint64_t kStream = 0x726f63735f6c6a71;

// Rows of standard normal numbers, the next ones of a stream.
Matrix DrawRows(const CounterRng& rng, int64_t rows, uint64_t& counter) {
  Matrix drawn(rows, kDims);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < kDims; ++j)
      drawn(i, j) = static_cast<float>(rng.Normal(counter++));
  }
  return drawn;
}

Eigen::VectorXd Softmax(const Eigen::VectorXd& products) {
  const Eigen::VectorXd weights = (products.array() - products.maxCoeff()).exp();
  return weights / weights.sum();
}

// The largest relative error of a score in one draw.
double WorstError(const ScoreTrial& trial, uint64_t seed, int64_t draw) {
  const uint64_t draw_seed = CounterRng(seed, kStream).Bits(static_cast<uint64_t>(draw));
  const CounterRng rng(draw_seed, kStream);
  const auto radius = static_cast<float>(trial.radius);
  uint64_t counter = 0;
  const Matrix keys = DrawRows(rng, trial.keys, counter).rowwise().normalized() * radius;
  const Eigen::VectorXf query =
      DrawRows(rng, 1, counter).row(0).normalized().transpose() * radius;
  const Matrix sketch = DrawRows(rng, trial.rows, counter);
  const Eigen::VectorXf sketched_query = sketch * query;
  // Key by key, not to hold rows x keys signs.
  Eigen::VectorXd estimates(trial.keys);
  for (int64_t i = 0; i < trial.keys; ++i) {
    const Eigen::VectorXf products = sketch * keys.row(i).transpose();
    double sum = 0;
    for (int64_t row = 0; row < trial.rows; ++row) {
      sum += products[row] > 0 ? sketched_query[row] : -sketched_query[row];
    }
    estimates[i] =
        std::sqrt(std::numbers::pi / 2) / static_cast<double>(trial.rows) * trial.radius * sum;
  }
  const Eigen::VectorXd exact = Softmax((keys * query).cast<double>());
  return (Softmax(estimates) - exact).cwiseAbs().cwiseQuotient(exact).maxCoeff();
}

int64_t RoundedUp(double rows) { return static_cast<int64_t>(std::ceil(rows)); }

void AddFigures(std::string_view which, const ScoreTrial& trial, const ScoreErrors& errors,
                ClaimReport& report) {
  const std::string name =
      absl::StrFormat("r = %g, m = %d (%s)", trial.radius, trial.rows, std::string(which));
  report.figures.emplace_back("draws with a score off by over 3 eps, " + name,
                              errors.failures);
  report.figures.emplace_back("the largest error of a score, " + name, errors.worst);
}

}  // namespace

int64_t PrintedScoreRows(int64_t keys, double radius, double epsilon) {
  return RoundedUp(2 * std::pow(radius / epsilon, 2) * std::log(static_cast<double>(keys)));
}

int64_t ProvedScoreRows(int64_t keys, double radius, double epsilon, double delta) {
  return RoundedUp(std::numbers::pi * std::pow(radius, 4) / (epsilon * epsilon) *
                   std::log(2 * static_cast<double>(keys) / delta));
}

ScoreErrors MeasureScoreErrors(const ScoreTrial& trial, int64_t draws, uint64_t seed) {
  std::vector<double> worst(static_cast<size_t>(draws));
  ParallelFor(draws, [&](int64_t draw) {
    worst[static_cast<size_t>(draw)] = WorstError(trial, seed, draw);
  });
  ScoreErrors errors;
  errors.failures.trials = draws;
  for (const double error : worst) {
    errors.failures.successes += error > 3 * trial.epsilon ? 1 : 0;
    errors.worst = std::max(errors.worst, error);
  }
  return errors;
}

Outcome JudgeQjlScores(absl::Span<const Interval> failures) {
  bool all_below = true;
  for (const Interval& interval : failures) {
    if (interval.lower > kAllowed) return Outcome::kDoesNotHold;
    all_below = all_below && interval.upper <= kAllowed;
  }
  return all_below ? Outcome::kHolds : Outcome::kUndecided;
}

absl::StatusOr<ClaimReport> CheckQjlScores(const ClaimOptions& options) {
  const int64_t draws = options.Draws(kUsualDraws);
  ClaimReport report;
  report.setting = absl::StrFormat(
      "%d keys in %d dimensions, all of length r as the query; eps = %g, %d draws; %g "
      "failures allowed",
      kKeys, kDims, kEpsilon, draws, kAllowed);
  const auto measure = [&](std::string_view which, double radius, int64_t rows) {
    const ScoreTrial trial = {kKeys, radius, rows, kEpsilon};
    const ScoreErrors errors = MeasureScoreErrors(trial, draws, options.seed);
    AddFigures(which, trial, errors, report);
    return errors;
  };
  std::vector<Interval> failures;
  std::vector<std::string> worst;
  for (const double radius : {1, 2, 4}) {
    const ScoreErrors errors =
        measure("printed", radius, PrintedScoreRows(kKeys, radius, kEpsilon));
    failures.push_back(errors.failures.interval());
    worst.push_back(absl::StrFormat("%.2f", errors.worst));
  }
  ScoreErrors proved;
  for (const double radius : {1, 2}) {
    proved = measure("pi r^4 ln(2n/.01) / eps^2", radius,
                     ProvedScoreRows(kKeys, radius, kEpsilon, kDelta));
  }
  report.outcome = JudgeQjlScores(failures);
  report.measured = absl::StrFormat(
      "scores are off by up to %s of them at r = 1, 2, 4, where %.1f is allowed; with r^4 "
      "by up to %.2f at r = 2",
      absl::StrJoin(worst, ", "), 3 * kEpsilon, proved.worst);
  const int64_t many = ProvedScoreRows(kKeys, 4, kEpsilon, kDelta);
  report.why = absl::StrFormat(
      "A sketch keeps cosines within eps; scores are r^2 times as large, so r^4 is due. At "
      "r = 4 that is %d signs, as many bits as a key of %d dimensions has at binary16.",
      many, many / 16);
  return report;
}

}  // namespace kvwire
