#include "common/attention/decodability.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/attention/frame_keys.h"
#include "common/attention/row_mass.h"
#include "common/base/parallel.h"
#include "common/base/portable_math.h"

namespace kvwire {
namespace {

constexpr double kUnitRoundoff = 0x1p-24;
constexpr double kRoundingsOfExponentials = 128;

double RoundingOf(const KeyFrame& frame, double sharpness, double largest_self) {
  const auto d = static_cast<double>(frame.dims());
  const double scores =
      (d + 1) * sharpness * largest_self * kUnitRoundoff / (1 - d * kUnitRoundoff);
  const double sums = 2 * static_cast<double>(frame.rows()) + kRoundingsOfExponentials;
  return scores + sums * kUnitRoundoff;
}

// W_i of each row, exact wherever the fast one does not show that it is below `limit`.
std::vector<double> JudgedMasses(const Matrix& keys, double sharpness, double factor,
                                 double limit, absl::Span<const double> self) {
  std::vector<double> masses = FastInterferenceOfAll(keys, self, sharpness);
  ParallelFor(keys.rows(), [&](int64_t row) {
    if (masses[row] * factor < limit) return;
    masses[row] = ExactRow(keys, row).InterferenceAt(sharpness);
  });
  return masses;
}

}  // namespace

absl::StatusOr<Decodability> MeasureDecodability(const KeyFrame& frame, double sharpness,
                                                 double eta) {
  if (!(sharpness > 0 && std::isfinite(sharpness))) {
    return absl::InvalidArgumentError(
        absl::StrCat("the sharpness C must be above 0 and finite, not ", sharpness));
  }
  if (!(eta >= 0 && eta < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("eta must be at least 0 and below 1, not ", eta));
  }
  const Matrix keys = AllKeys(frame);
  const std::vector<double> self = SelfProducts(keys);
  const double largest_self = *std::max_element(self.begin(), self.end());
  const double factor = FastInterferenceFactor(frame.dims(), sharpness, largest_self);
  const double rounding = RoundingOf(frame, sharpness, largest_self);
  const double limit = (1 - eta) / (1 + eta) * PortableExp(-2 * rounding);

  const std::vector<double> masses = JudgedMasses(keys, sharpness, factor, limit, self);
  const int64_t decodable = std::count_if(masses.begin(), masses.end(),
                                          [limit](double mass) { return mass < limit; });
  return Decodability{.undecodable_rows = frame.rows() - decodable,
                      .worst_mass = *std::max_element(masses.begin(), masses.end()),
                      .rounding = rounding};
}

}  // namespace kvwire
