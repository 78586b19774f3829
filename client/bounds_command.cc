#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_format.h"
#include "client/commands.h"
#include "common/base/status_macros.h"
#include "common/reduction/bounds.h"
#include "common/reduction/parameters.h"
#include "common/reduction/scales.h"

namespace kvwire {
namespace {

struct BoundsOptions {
  int64_t n = 64;
  std::string scales;
  int64_t dims = 256;
  double error_rate = 0;
  double success = 0.9;
};

absl::StatusOr<int> BoundsCommand(const BoundsOptions& options) {
  KVWIRE_ASSIGN_OR_RETURN(const Scales scales, options.scales.empty()
                                                   ? Scales::Pyramid(options.n)
                                                   : Scales::Parse(options.scales));
  if (options.dims < 1 || options.dims > kMaxDims ||
      scales.tokens() > kMaxPayloadBits / options.dims) {
    return absl::InvalidArgumentError(
        absl::StrFormat("d = %d with L = %d is out of range: 1 <= d <= %d, L d <= %d",
                        options.dims, scales.tokens(), kMaxDims, kMaxPayloadBits));
  }
  // CLI::Range lets a NaN through.
  if (std::isnan(options.error_rate) || std::isnan(options.success)) {
    return absl::InvalidArgumentError("--error and --success are numbers from 0 to 1");
  }
  const int64_t bits = scales.tokens() * options.dims;
  const auto row = [](const std::string& what, double value) {
    std::cout << absl::StrFormat("  %-58s %16.2f bits %14.0f bytes\n", what, value, value / 8);
  };
  std::cout << absl::StrFormat("scales %s: L = %d tokens, %d queries, %d replay(s), d = %d\n",
                               scales.ToString(), scales.tokens(), scales.queries(),
                               scales.replays(), options.dims);
  row("payload, L d", static_cast<double>(bits));
  row(absl::StrFormat("INDEX floor at error rate %g, L d (1 - H(p))", options.error_rate),
      IndexFloor(bits, options.error_rate));
  row(absl::StrFormat("whole-output floor at success %g, L d - log2(1/p)", options.success),
      WholeOutputFloor(bits, options.success));
  // Rounded down: no more errors than the rate allows.
  const auto errors = static_cast<int64_t>(options.error_rate * static_cast<double>(bits));
  row(absl::StrFormat("counting floor at %d errors, L d - log2 V(L d, E)", errors),
      static_cast<double>(bits) - Log2BallVolume(bits, std::min(errors, bits - errors)));
  return 0;
}

}  // namespace

Command AddBoundsCommand(CLI::App& app) {
  app.description(
      "Prints what no message can undercut.\n"
      "  kvwire bounds --n 64 --d 256 --error 0.1");
  const auto options = std::make_shared<BoundsOptions>();
  app.add_option("--n", options->n, "side of the last scale of the pyramid")
      ->capture_default_str();
  app.add_option("--scales", options->scales, "sides of the scales instead of a pyramid");
  app.add_option("--d", options->dims, "coordinates of a key or value")->capture_default_str();
  app.add_option("--error", options->error_rate, "error rate of a bit")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--success", options->success, "probability that the whole output is right")
      ->check(CLI::Range(1e-300, 1.0))
      ->capture_default_str();
  return [options] { return BoundsCommand(*options); };
}

}  // namespace kvwire
