#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_format.h"
#include "client/commands.h"
#include "client/driver.h"
#include "client/exit_code.h"
#include "client/problem_options.h"
#include "client/run_options.h"
#include "client/verdict.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr const char* kProblems[] = {"index", "multi-index", "var", "tensor4", "tensor2"};
constexpr int64_t kSizes[] = {8, 16, 32, 64};
constexpr const char* kAlgorithms[] = {"bitplane", "exact"};

void PrintRow(const RunResult& result, const Verdict& verdict) {
  const PublicParameters& parameters = result.parameters;
  std::cout << absl::StrFormat("  %-11s %4d %6d %8.4g  %-8s %9d %7d %7d %10d %9d  %s",
                               std::string(ProblemName(parameters.shape.problem())),
                               parameters.shape.n(), parameters.shape.tokens(),
                               parameters.sharpness, parameters.algorithm,
                               parameters.payload_bits(), result.asked_bits, result.bit_errors,
                               result.wire_bytes(), (result.floor_bits() + 7) / 8,
                               verdict.ok() ? "ok" : "FAILED")
            << std::endl;
  for (const std::string& reason : verdict.reasons) std::cout << "    " << reason << "\n";
}

absl::StatusOr<int> ProblemsCommand(const RunOptions& options) {
  KVWIRE_ASSIGN_OR_RETURN(Services services, StartServices(options));
  Driver driver(services);
  KVWIRE_RETURN_IF_ERROR(driver.Connect());
  std::cout << absl::StrFormat(
      "Every problem over the services, d = %d, %s keys, values as %s, eta = %g (%s):\n\n"
      "  %-11s %4s %6s %8s  %-8s %9s %7s %7s %10s %9s  %s\n",
      options.dims, options.frame, options.encoding, options.eta, options.eta_mode, "problem",
      "n", "L", "C", "cache", "bits", "asked", "errors", "wire bytes", "floor", "verdict");
  bool good = true;
  for (const char* problem : kProblems) {
    for (const int64_t size : kSizes) {
      for (const char* algorithm : kAlgorithms) {
        RunOptions one = options;
        one.problem = problem;
        one.n = size;
        one.algorithm = algorithm;
        KVWIRE_ASSIGN_OR_RETURN(const RunRequest request, MakeRunRequest(one, std::nullopt));
        KVWIRE_ASSIGN_OR_RETURN(const RunResult result, driver.Run(request));
        const Verdict verdict =
            Judge(result, {.allow_shared_algorithm = options.allow_shared_algorithm});
        PrintRow(result, verdict);
        good = good && verdict.ok() && result.bit_errors == 0;
      }
    }
  }
  std::cout << "\nn is the side of the last scale (multi-index, var), the number of tokens "
               "(index, tensor4)\nor its root (tensor2); floor: bytes, for the errors of the "
               "audit of every bit.\n";
  return good ? kExitGood : kExitVerdict;
}

}  // namespace

Command AddProblemsCommand(CLI::App& app) {
  app.description(
      "Runs every problem at n = 8, 16, 32, 64 with exact and bitplane, and prints one "
      "table.\n"
      "  kvwire problems --d 64 --eta 0.5");
  const auto options = std::make_shared<RunOptions>();
  options->dims = 64;
  AddInstanceOptions(app, *options);
  AddServiceOptions(app, *options);
  return [options] { return ProblemsCommand(*options); };
}

}  // namespace kvwire
