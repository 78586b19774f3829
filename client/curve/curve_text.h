#ifndef KVWIRE_CLIENT_CURVE_CURVE_TEXT_H_
#define KVWIRE_CLIENT_CURVE_CURVE_TEXT_H_

#include <string>

#include "absl/types/span.h"
#include "client/curve/curve_point.h"

namespace kvwire {

// A line a point for a person, and the verdict: that nothing lies below the curve, or what is
// wrong with which.
std::string CurveText(absl::Span<const CurvePoint> points);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_CURVE_CURVE_TEXT_H_
