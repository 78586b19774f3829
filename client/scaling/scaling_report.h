#ifndef KVWIRE_CLIENT_SCALING_SCALING_REPORT_H_
#define KVWIRE_CLIENT_SCALING_SCALING_REPORT_H_

// A scaling study as text, JSON and CSV.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/scaling/scaling_run.h"

namespace kvwire {

// Below this, what a call costs whatever it carries hides how things grow.
inline constexpr int64_t kScalingFitFrom = 64;

// A quantity that is fitted, in the order of all reports.
struct ScalingQuantity {
  std::string_view name;  // of JSON and CSV, with its unit
  double (*of)(const ScalingPoint& point);
};
const std::vector<ScalingQuantity>& ScalingQuantities();

// The exponent of n in the quantity over the sizes from kScalingFitFrom on; nothing if there
// are fewer than two of them, or it is not positive in all.
std::optional<double> ExponentOf(const std::vector<ScalingPoint>& points,
                                 const ScalingQuantity& quantity);

std::string ScalingHeadText(const ScalingOptions& options);
std::string ScalingPointText(const ScalingPoint& point);
std::string ScalingFitText(const std::vector<ScalingPoint>& points);
std::string ScalingJson(const ScalingOptions& options,
                        const std::vector<ScalingPoint>& points);
std::string ScalingCsv(const std::vector<ScalingPoint>& points);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SCALING_SCALING_REPORT_H_
