#ifndef KVWIRE_CLIENT_CURVE_CURVE_CSV_H_
#define KVWIRE_CLIENT_CURVE_CURVE_CSV_H_

#include <string>

#include "absl/types/span.h"
#include "client/curve/curve_point.h"

namespace kvwire {

// The curve and the points beside it as CSV, to be plotted (curve.gnuplot): a line each, in
// columns
//   series                         curve, floor, baseline, quantiser, evictor, sketch, foreign
//   algorithm, server, problem, tokens, d, seeds, payload_bits
//   error_rate                     p
//   curve                          1 - H_b(p)
//   state, snapshot, wire          bits for a bit of payload
//   snapshot_over_curve, wire_over_curve
//   verdict, reason                ok, failed or refused, and why
// Lines of the curve itself are empty but for series, error_rate and curve: 101 of them, from
// p = 0 to 1/2. Those of an algorithm that was refused have no numbers.
std::string CurveCsv(absl::Span<const CurvePoint> points);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_CURVE_CURVE_CSV_H_
