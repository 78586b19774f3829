#include "client/demo_scaling.h"

#include <iostream>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/fitted_exponent.h"
#include "client/report.h"
#include "client/verdict.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr int64_t kSides[] = {8, 16, 32, 64, 128};
constexpr int64_t kDims[] = {64, 128};
// Below this the connection's few hundred bytes of framing show.
constexpr int64_t kFitFrom = 64;

using WireBytes = std::map<std::pair<int64_t, int64_t>, double>;  // by (n, d)

absl::StatusOr<double> MeasureWire(Driver& driver, RunOptions options, int64_t side,
                                   int64_t dims, bool& good,
                                   std::vector<std::string>& results) {
  options.n = side;
  options.dims = dims;
  KVWIRE_ASSIGN_OR_RETURN(const RunRequest request, MakeRunRequest(options, std::nullopt));
  KVWIRE_ASSIGN_OR_RETURN(const RunResult result, driver.Run(request));
  const Verdict verdict =
      Judge(result, {.allow_shared_algorithm = options.allow_shared_algorithm});
  results.push_back(ResultJson(result, verdict));
  good = good && verdict.ok() && result.bit_errors == 0;
  for (const std::string& reason : verdict.reasons) std::cout << "    " << reason << "\n";
  return static_cast<double>(result.wire_bytes());
}

// The exponent in n at fixed d, or in d at fixed n, over the fitted range.
double ExponentInSide(const WireBytes& wire, int64_t dims) {
  std::vector<double> x, y;
  for (int64_t side : kSides) {
    if (side < kFitFrom) continue;
    x.push_back(static_cast<double>(side));
    y.push_back(wire.at({side, dims}));
  }
  return FittedExponent(x, y);
}

double ExponentInDims(const WireBytes& wire, int64_t side) {
  std::vector<double> x, y;
  for (int64_t dims : kDims) {
    x.push_back(static_cast<double>(dims));
    y.push_back(wire.at({side, dims}));
  }
  return FittedExponent(x, y);
}

void PrintExponents(const std::string& algorithm, const WireBytes& wire) {
  std::cout << absl::StrFormat("  %-10s grows as n^%.3f (d = 64), n^%.3f (d = 128)", algorithm,
                               ExponentInSide(wire, 64), ExponentInSide(wire, 128));
  std::cout << absl::StrFormat(", d^%.3f (n = 64), d^%.3f (n = 128)\n",
                               ExponentInDims(wire, 64), ExponentInDims(wire, 128));
}

}  // namespace

absl::StatusOr<bool> ShowScaling(Driver& driver, const RunOptions& options,
                                 std::vector<std::string>& results) {
  const std::string algorithms[] = {"bitplane", "exact"};
  std::map<std::string, WireBytes> wire;
  bool good = true;
  std::cout << "\nWire bytes against problem size (random bits; payload = L d / 8 bytes):\n\n"
            << absl::StrFormat("  %5s %5s %8s %14s %14s %14s\n", "n", "d", "L",
                               "payload bytes", "bitplane", "exact");
  for (int64_t dims : kDims) {
    for (int64_t side : kSides) {
      for (const std::string& algorithm : algorithms) {
        RunOptions one = options;
        one.algorithm = algorithm;
        KVWIRE_ASSIGN_OR_RETURN(wire[algorithm][std::make_pair(side, dims)],
                                MeasureWire(driver, one, side, dims, good, results));
      }
      const int64_t tokens = (side * side - 1) / 3;
      std::cout << absl::StrFormat("  %5d %5d %8d %14d %14.0f %14.0f", side, dims, tokens,
                                   tokens * dims / 8, wire["bitplane"][{side, dims}],
                                   wire["exact"][{side, dims}])
                << std::endl;
    }
  }
  std::cout << absl::StrFormat("\nFitted from n = %d on; the lower bound says n^2 d:\n",
                               kFitFrom);
  for (const std::string& algorithm : algorithms) PrintExponents(algorithm, wire[algorithm]);
  return good;
}

}  // namespace kvwire
