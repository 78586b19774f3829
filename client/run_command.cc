#include <memory>
#include <optional>

#include "client/commands.h"
#include "client/driver.h"
#include "client/problem_options.h"
#include "client/run_options.h"
#include "client/waterfall/run_capture.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

absl::StatusOr<int> RunCommand(const RunOptions& options) {
  std::optional<std::string> file;
  if (options.payload != "random") {
    KVWIRE_ASSIGN_OR_RETURN(file, ReadPayloadFile(options.payload));
  }
  RunOptions sized = options;
  if (!sized.n.has_value() && sized.scales.empty()) sized.n = 64;
  KVWIRE_ASSIGN_OR_RETURN(const RunRequest request, MakeRunRequest(sized, file));
  KVWIRE_ASSIGN_OR_RETURN(Services services, StartServices(options));
  Driver driver(services);
  KVWIRE_RETURN_IF_ERROR(driver.Connect());
  KVWIRE_ASSIGN_OR_RETURN(std::optional<RunCapture> capture,
                          StartCapture(options, driver.channel_endpoint(), services.key_log));
  KVWIRE_ASSIGN_OR_RETURN(RunResult result, driver.Run(request));
  result.peak_memory = PeakMemory(services);
  if (capture.has_value()) result.waterfall = capture->Stop(result.run_id);
  return ReportRun(options, result);
}

}  // namespace

Command AddRunCommand(CLI::App& app) {
  app.description(
      "Runs the reduction once and prints its books.\n"
      "  kvwire run --n 64 --d 256 --algorithm bitplane\n"
      "  kvwire run --scales 1,2,3,4,5,6,8,10,13,16 --d 64 --ask 12.5 --json -");
  const auto options = std::make_shared<RunOptions>();
  AddProblemOptions(app, *options);
  AddServiceOptions(app, *options);
  app.add_option("--payload", options->payload, "what Alice knows: random, or a file")
      ->capture_default_str();
  app.add_flag("--waterfall", options->waterfall,
               "capture the packets from Alice to Bob, and say what every byte was for");
  app.add_option("--pcap", options->pcap, "the same, and keep the capture in this file");
  app.add_option("--capture-interface", options->capture_interface,
                 "where to capture; absent: lo if the channel is on loopback, else any");
  app.add_option(
      "--tls-key-log", options->tls_key_log,
      "the file to which Alice, running with the same flag, writes her session keys");
  return [options] { return RunCommand(*options); };
}

}  // namespace kvwire
