#include "client/scaling/scaling_run.h"

#include <algorithm>
#include <optional>

#include "absl/time/clock.h"
#include "client/driver.h"
#include "client/services.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

// Runs of one size end when they took so long together, or are so many.
constexpr absl::Duration kWorthRepeating = absl::Seconds(1);
constexpr int kMostRuns = 5;

void TakeLeast(double seconds, int runs, double& least) {
  least = runs == 0 ? seconds : std::min(least, seconds);
}

void TakeTimes(const RunResult& result, ScalingPoint& point) {
  const int runs = point.runs++;
  TakeLeast(result.ingest_seconds, runs, point.ingest_seconds);
  TakeLeast(result.snapshot_seconds, runs, point.snapshot_seconds);
  TakeLeast(result.transfer_seconds - result.snapshot_seconds, runs, point.transfer_seconds);
  TakeLeast(result.restore_seconds, runs, point.restore_seconds);
  TakeLeast(result.attend_seconds - result.restore_seconds, runs, point.attend_seconds);
}

absl::StatusOr<RunRequest> RequestOf(const ScalingOptions& options, int64_t side) {
  RunOptions one = options.run;
  one.n = side;
  KVWIRE_ASSIGN_OR_RETURN(RunRequest request, MakeRunRequest(one, std::nullopt));
  const int64_t tokens = request.parameters.shape.tokens();
  if (options.rows == 0 || options.rows >= tokens) return request;
  request.audit = false;
  request.question.all = false;
  const int64_t dims = request.parameters.dims;
  for (const int64_t row : SpreadRows(options.rows, tokens)) {
    for (int64_t j = 0; j < dims; ++j) request.question.positions.push_back(row * dims + j);
  }
  return request;
}

absl::StatusOr<ScalingPoint> MeasureSize(const ScalingOptions& options, int64_t side,
                                         Services& services) {
  KVWIRE_ASSIGN_OR_RETURN(const RunRequest request, RequestOf(options, side));
  Driver driver(services);
  KVWIRE_RETURN_IF_ERROR(driver.Connect());
  const PublicParameters& parameters = request.parameters;
  ScalingPoint point{.side = side, .tokens = parameters.shape.tokens()};
  const absl::Time start = absl::Now();
  do {
    KVWIRE_ASSIGN_OR_RETURN(const RunResult result, driver.Run(request));
    TakeTimes(result, point);
    point.snapshot_bytes = result.alice.snapshot_bytes();
    point.wire_bytes = result.wire_bytes();
    point.asked_rows = result.asked_bits / parameters.dims;
    point.errors = result.asked_errors;
    if (point.runs == 1) point.peak_memory = PeakMemory(services);
  } while (point.runs < kMostRuns && absl::Now() - start < kWorthRepeating);
  return point;
}

}  // namespace

std::vector<int64_t> SpreadRows(int64_t count, int64_t total) {
  const int64_t some = std::min(count, total);
  std::vector<int64_t> rows(static_cast<size_t>(some));
  for (int64_t k = 0; k < some; ++k) rows[k] = k * total / some;
  return rows;
}

absl::StatusOr<std::vector<ScalingPoint>> MeasureScaling(
    const ScalingOptions& options, absl::FunctionRef<void(const ScalingPoint&)> done) {
  std::vector<Services> services;
  for (size_t k = 0; k < options.sides.size(); ++k) {
    KVWIRE_ASSIGN_OR_RETURN(Services own, StartServices(options.run));
    services.push_back(std::move(own));
  }
  std::vector<ScalingPoint> points;
  for (size_t k = 0; k < options.sides.size(); ++k) {
    KVWIRE_ASSIGN_OR_RETURN(points.emplace_back(),
                            MeasureSize(options, options.sides[k], services[k]));
    services[k].own.clear();  // what it holds is not needed any more
    done(points.back());
  }
  return points;
}

}  // namespace kvwire
