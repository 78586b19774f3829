#include "client/curve/curve_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace kvwire {
namespace {

std::string Label(const CurvePoint& point) {
  return point.series == "foreign" ? absl::StrCat(point.algorithm, " @", point.server)
                                   : point.algorithm;
}

// Near p = 1/2 the curve is next to 0, and a ratio to it says nothing.
std::string OverCurve(double bits, double curve) {
  return curve > 1e-3 ? absl::StrFormat("%.4g", bits / curve) : "-";
}

std::string Line(const CurvePoint& point, int width) {
  if (!point.measured()) {
    return absl::StrFormat("  %-*s %s\n", width, Label(point),
                           point.refusal.empty() ? "FAILED" : "refused: " + point.refusal);
  }
  return absl::StrFormat("  %-*s %8.5f %8.5f %10.5f %10.5f %10.5f %9s %9s  %s\n", width,
                         Label(point), point.error_rate, point.curve, point.state,
                         point.snapshot, point.wire, OverCurve(point.snapshot, point.curve),
                         OverCurve(point.wire, point.curve), point.good() ? "ok" : "FAILED");
}

std::string VerdictLine(absl::Span<const CurvePoint> points) {
  const auto failed = std::count_if(points.begin(), points.end(),
                                    [](const CurvePoint& point) { return !point.good(); });
  const auto measured = std::count_if(points.begin(), points.end(),
                                      [](const CurvePoint& p) { return p.measured(); });
  if (failed > 0) return absl::StrFormat("%d of %d points failed\n", failed, points.size());
  return absl::StrFormat("%d points, nothing lies below the curve\n", measured);
}

}  // namespace

std::string CurveText(absl::Span<const CurvePoint> points) {
  size_t longest = 0;
  for (const CurvePoint& point : points) longest = std::max(longest, Label(point).size());
  const int width = static_cast<int>(longest);
  std::string text = absl::StrFormat("  %-*s %8s %8s %10s %10s %10s %9s %9s  %s\n", width,
                                     "algorithm", "error p", "1-H_b(p)", "state", "snapshot",
                                     "wire", "snapshot", "wire", "verdict");
  for (const CurvePoint& point : points) {
    absl::StrAppend(&text, Line(point, width));
    for (const std::string& reason : point.reasons) {
      absl::StrAppend(&text, "    ", reason, "\n");
    }
  }
  return absl::StrCat(text,
                      "\nBits for a bit of payload: as the algorithm claims, the whole "
                      "snapshot, and all that the\nconnection carried; then the last two over "
                      "1 - H_b(p), the least for that error rate.\n",
                      VerdictLine(points));
}

}  // namespace kvwire
