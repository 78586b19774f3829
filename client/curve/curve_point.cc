#include "client/curve/curve_point.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "absl/strings/str_format.h"
#include "client/rank/row_summary.h"
#include "common/base/binary_entropy.h"
#include "common/reduction/bounds.h"

namespace kvwire {
namespace {

double MeanOf(const RankRow& row, Statistic statistic) {
  double sum = 0;
  for (const RankSample& sample : row.samples) sum += sample.Get(statistic).value_or(0);
  return sum / static_cast<double>(row.samples.size());
}

int64_t WholeOf(const RankSample& sample, Statistic statistic) {
  return static_cast<int64_t>(sample.Get(statistic).value_or(0));
}

void JudgeSeed(const RankSample& sample, std::vector<std::string>& reasons) {
  const int64_t state = WholeOf(sample, Statistic::kStateBits);
  const int64_t snapshot = state + WholeOf(sample, Statistic::kHeaderBits);
  const int64_t wire = 8 * WholeOf(sample, Statistic::kWireBytes);
  const int64_t payload = WholeOf(sample, Statistic::kPayloadBits);
  const int64_t errors = WholeOf(sample, Statistic::kBitErrors);
  const int64_t least = std::min({state, snapshot, wire});
  const double leak = LeakBits(payload, errors, least);
  if (leak < kLeakLimitBits) return;
  reasons.push_back(absl::StrFormat(
      "below the curve: %d bits, %.0f fewer than %d wrong ones of %d leave (seed %d)", least,
      leak, errors, payload, sample.seed));
}

CurvePoint PointOf(const RankTable& table, const std::string& problem, const RankRow& row) {
  const bool is_floor = row.spec == "floor" || row.spec.starts_with("floor:");
  CurvePoint point{.algorithm = row.algorithm,
                   .server = row.server,
                   .series = is_floor ? "floor" : row.kind,
                   .problem = problem,
                   .tokens = table.tokens,
                   .dims = table.dims,
                   .seeds = static_cast<int64_t>(row.samples.size()),
                   .refusal = row.refusal,
                   .reasons = ReasonsOf(row)};
  if (row.samples.empty()) return point;
  point.payload_bits = MeanOf(row, Statistic::kPayloadBits);
  point.error_rate = MeanOf(row, Statistic::kBitErrorRate);
  point.curve = 1 - BinaryEntropy(point.error_rate);
  const double state = MeanOf(row, Statistic::kStateBits);
  point.state = state / point.payload_bits;
  point.snapshot = (state + MeanOf(row, Statistic::kHeaderBits)) / point.payload_bits;
  point.wire = 8 * MeanOf(row, Statistic::kWireBytes) / point.payload_bits;
  for (const RankSample& sample : row.samples) JudgeSeed(sample, point.reasons);
  return point;
}

}  // namespace

std::vector<CurvePoint> CurvePoints(const RankTable& table, const std::string& problem) {
  std::vector<CurvePoint> points;
  for (const RankRow& row : table.rows) points.push_back(PointOf(table, problem, row));
  const auto place = [](const CurvePoint& point) {
    constexpr double kLast = std::numeric_limits<double>::infinity();
    return std::tuple(point.measured() ? point.error_rate : kLast, point.snapshot,
                      point.algorithm, point.server);
  };
  std::stable_sort(
      points.begin(), points.end(),
      [&place](const CurvePoint& a, const CurvePoint& b) { return place(a) < place(b); });
  return points;
}

}  // namespace kvwire
