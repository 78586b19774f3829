#include "client/curve/curve_csv.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/csv_field.h"
#include "common/base/binary_entropy.h"

namespace kvwire {
namespace {

constexpr const char* kHead =
    "series,algorithm,server,problem,tokens,d,seeds,payload_bits,error_rate,curve,state,"
    "snapshot,wire,snapshot_over_curve,wire_over_curve,verdict,reason\n";

// Of p from 0 to 1/2.
constexpr int kCurveSteps = 100;

std::string CurveLine(double error_rate) {
  return absl::StrCat("curve,,,,,,,,", CsvField(error_rate), ",",
                      CsvField(RateDistortion(error_rate)), ",,,,,,,\n");
}

// Nothing to compare with where every bit is a guess.
std::string OverCurve(double bits, double curve) {
  return curve > 0 ? CsvField(bits / curve) : "";
}

std::string VerdictOf(const CurvePoint& point) {
  if (!point.good()) return "failed";
  return point.refusal.empty() ? "ok" : "refused";
}

std::string Line(const CurvePoint& point) {
  std::vector<std::string> fields = {
      point.series,
      CsvField(point.algorithm),
      CsvField(point.server),
      point.problem,
      absl::StrCat(point.tokens),
      absl::StrCat(point.dims),
      absl::StrCat(point.seeds),
  };
  if (point.measured()) {
    for (const double value : {point.payload_bits, point.error_rate, point.curve, point.state,
                               point.snapshot, point.wire}) {
      fields.push_back(CsvField(value));
    }
    fields.push_back(OverCurve(point.snapshot, point.curve));
    fields.push_back(OverCurve(point.wire, point.curve));
  } else {
    fields.insert(fields.end(), 8, "");
  }
  fields.push_back(VerdictOf(point));
  fields.push_back(
      CsvField(point.good() ? point.refusal : absl::StrJoin(point.reasons, "; ")));
  return absl::StrJoin(fields, ",") + "\n";
}

}  // namespace

std::string CurveCsv(absl::Span<const CurvePoint> points) {
  std::string csv = kHead;
  for (int k = 0; k <= kCurveSteps; ++k) csv += CurveLine(0.5 * k / kCurveSteps);
  for (const CurvePoint& point : points) csv += Line(point);
  return csv;
}

}  // namespace kvwire
