#ifndef KVWIRE_CLIENT_CURVE_CURVE_SPECS_H_
#define KVWIRE_CLIENT_CURVE_CURVE_SPECS_H_

// Which algorithms stand beside the rate-distortion curve where nobody names any.

#include <string>
#include <vector>

namespace kvwire {

// How many error rates `floor` is run at.
inline constexpr int kFloorPoints = 20;

// `floor` at kFloorPoints error rates, from nearly none to nearly a half, and the specs of
// DefaultComparison(): at least one of every built-in algorithm.
std::vector<std::string> CurveSpecs();

// Whether the spec is of a built-in algorithm of tensor attention alone, which the problems
// of ordinary attention cannot ask.
bool IsTensorOnly(const std::string& spec);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_CURVE_CURVE_SPECS_H_
