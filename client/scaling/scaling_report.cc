#include "client/scaling/scaling_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/fitted_exponent.h"
#include "client/version.h"

namespace kvwire {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kRoles[] = {"alice", "bob", "alice_algorithm", "bob_algorithm",
                                  "driver"};

double PeakOf(const ScalingPoint& point, std::string_view role) {
  for (const auto& [name, bytes] : point.peak_memory) {
    if (name == role) return static_cast<double>(bytes);
  }
  return 0;
}

double Mebibytes(double bytes) { return bytes / (1 << 20); }

}  // namespace

const std::vector<ScalingQuantity>& ScalingQuantities() {
  using Point = ScalingPoint;
  static const auto& quantities = *new std::vector<ScalingQuantity>{
      {"ingest_seconds", [](const Point& p) { return p.ingest_seconds; }},
      {"snapshot_seconds", [](const Point& p) { return p.snapshot_seconds; }},
      {"transfer_seconds", [](const Point& p) { return p.transfer_seconds; }},
      {"restore_seconds", [](const Point& p) { return p.restore_seconds; }},
      {"attend_seconds", [](const Point& p) { return p.attend_seconds; }},
      {"wire_bytes", [](const Point& p) { return static_cast<double>(p.wire_bytes); }},
      {"alice_peak_bytes", [](const Point& p) { return PeakOf(p, kRoles[0]); }},
      {"bob_peak_bytes", [](const Point& p) { return PeakOf(p, kRoles[1]); }},
      {"alice_algorithm_peak_bytes", [](const Point& p) { return PeakOf(p, kRoles[2]); }},
      {"bob_algorithm_peak_bytes", [](const Point& p) { return PeakOf(p, kRoles[3]); }},
      {"driver_peak_bytes", [](const Point& p) { return PeakOf(p, kRoles[4]); }},
  };
  return quantities;
}

std::optional<double> ExponentOf(const std::vector<ScalingPoint>& points,
                                 const ScalingQuantity& quantity) {
  std::vector<double> sides, values;
  for (const ScalingPoint& point : points) {
    if (point.side < kScalingFitFrom) continue;
    sides.push_back(static_cast<double>(point.side));
    values.push_back(quantity.of(point));
  }
  const bool positive =
      std::all_of(values.begin(), values.end(), [](double v) { return v > 0; });
  if (sides.size() < 2 || !positive) return std::nullopt;
  return FittedExponent(sides, values);
}

std::string ScalingHeadText(const ScalingOptions& options) {
  const std::string asked =
      options.rows == 0 ? "Bob is asked for every row"
                        : absl::StrCat("Bob is asked for ", options.rows, " rows, or all");
  return absl::StrFormat(
      "%s, d = %d, pyramid 1,2,4,...,n. %s.\n"
      "Times: the least of up to 5 runs. Memory: the most that a process ever had, started "
      "for this size.\n\n"
      "  %5s %7s %7s %12s | %9s %9s %9s %9s %9s s | %6s %6s %6s %6s %6s MiB | %6s\n",
      options.run.algorithm, options.run.dims, asked, "n", "L", "rows", "wire bytes", "ingest",
      "snapshot", "transfer", "restore", "attend", "alice", "bob", "alice's", "bob's",
      "driver", "errors");
}

std::string ScalingPointText(const ScalingPoint& point) {
  std::string text = absl::StrFormat(
      "  %5d %7d %7d %12d | %9.4f %9.4f %9.4f %9.4f %9.4f   |", point.side, point.tokens,
      point.asked_rows, point.wire_bytes, point.ingest_seconds, point.snapshot_seconds,
      point.transfer_seconds, point.restore_seconds, point.attend_seconds);
  for (const char* role : kRoles) {
    absl::StrAppendFormat(&text, " %6.1f", Mebibytes(PeakOf(point, role)));
  }
  absl::StrAppendFormat(&text, "     | %6d\n", point.errors);
  return text;
}

std::string ScalingFitText(const std::vector<ScalingPoint>& points) {
  std::string text =
      absl::StrFormat("\nFitted from n = %d on, each as a power of n:\n", kScalingFitFrom);
  for (const ScalingQuantity& quantity : ScalingQuantities()) {
    const std::optional<double> exponent = ExponentOf(points, quantity);
    absl::StrAppendFormat(
        &text, "  %-28s %s\n", std::string(quantity.name),
        exponent.has_value() ? absl::StrFormat("n^%.2f", *exponent) : "too few sizes");
  }
  return text;
}

std::string ScalingJson(const ScalingOptions& options,
                        const std::vector<ScalingPoint>& points) {
  Json rows = Json::array();
  for (const ScalingPoint& point : points) {
    Json row = {{"n", point.side},
                {"tokens", point.tokens},
                {"asked_rows", point.asked_rows},
                {"errors", point.errors},
                {"runs", point.runs},
                {"snapshot_bytes", point.snapshot_bytes}};
    for (const ScalingQuantity& quantity : ScalingQuantities()) {
      row[std::string(quantity.name)] = quantity.of(point);
    }
    rows.push_back(std::move(row));
  }
  Json exponents = Json::object();
  for (const ScalingQuantity& quantity : ScalingQuantities()) {
    const std::optional<double> exponent = ExponentOf(points, quantity);
    exponents[std::string(quantity.name)] = exponent.has_value() ? Json(*exponent) : Json();
  }
  const Json json = {{"version", kVersion},
                     {"algorithm", options.run.algorithm},
                     {"d", options.run.dims},
                     {"asked_rows", options.rows == 0 ? Json("all") : Json(options.rows)},
                     {"points", std::move(rows)},
                     {"fitted_from", kScalingFitFrom},
                     {"exponents", std::move(exponents)}};
  return json.dump(2);
}

std::string ScalingCsv(const std::vector<ScalingPoint>& points) {
  std::string text = "n,tokens,asked_rows,errors,runs,snapshot_bytes";
  for (const ScalingQuantity& quantity : ScalingQuantities()) {
    absl::StrAppend(&text, ",", std::string(quantity.name));
  }
  absl::StrAppend(&text, "\n");
  for (const ScalingPoint& point : points) {
    absl::StrAppend(&text, point.side, ",", point.tokens, ",", point.asked_rows, ",",
                    point.errors, ",", point.runs, ",", point.snapshot_bytes);
    for (const ScalingQuantity& quantity : ScalingQuantities()) {
      absl::StrAppendFormat(&text, ",%.9g", quantity.of(point));
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

}  // namespace kvwire
