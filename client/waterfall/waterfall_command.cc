#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/commands.h"
#include "client/exit_code.h"
#include "client/result_file.h"
#include "client/run_options.h"
#include "client/waterfall/waterfall_json.h"
#include "client/waterfall/waterfall_text.h"
#include "common/base/status_macros.h"
#include "common/waterfall/capture_census.h"

namespace kvwire {
namespace {

struct WaterfallOptions {
  std::string file;
  std::optional<int> port;
  std::string key_log;
  std::string json;  // path, "-" for stdout, empty for none
};

absl::StatusOr<std::vector<CapturedConnection>> CensusOfFile(const WaterfallOptions& options) {
  KeyLog keys;
  if (!options.key_log.empty()) {
    KVWIRE_ASSIGN_OR_RETURN(keys, KeyLog::Read(options.key_log));
  }
  std::error_code error;
  FILE* const file = std::filesystem::is_regular_file(options.file, error)
                         ? std::fopen(options.file.c_str(), "rbe")
                         : nullptr;
  if (file == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("there is no file ", options.file));
  }
  auto connections = CensusOfCapture(file, options.port, keys);
  if (!connections.ok()) {
    const absl::Status& status = connections.status();
    return absl::Status(status.code(), absl::StrCat(options.file, ": ", status.message()));
  }
  if (connections->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.file, " has no packet of TCP that was asked for"));
  }
  return connections;
}

absl::StatusOr<int> WaterfallCommand(const WaterfallOptions& options) {
  KVWIRE_RETURN_IF_ERROR(CheckWritable(options.json));
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<CapturedConnection> connections,
                          CensusOfFile(options));
  if (options.json != "-") KVWIRE_RETURN_IF_ERROR(WriteResult("-", CaptureText(connections)));
  KVWIRE_RETURN_IF_ERROR(WriteResult(options.json, CaptureJson(connections).dump(2) + "\n"));
  for (const CapturedConnection& connection : connections) {
    if (!connection.bytes.ok()) return kExitVerdict;
  }
  return kExitGood;
}

}  // namespace

Command AddWaterfallCommand(CLI::App& app) {
  app.description(
      "Says what every byte of a captured connection to Bob's channel was for.\n"
      "  kvwire run --n 64 --algorithm bitplane --pcap run.pcap\n"
      "  kvwire waterfall run.pcap");
  const auto options = std::make_shared<WaterfallOptions>();
  app.add_option("file", options->file, "packets, as --pcap or tcpdump -w write them")
      ->required();
  app.add_option("--port", options->port,
                 "only connections of this port, such as that of Bob's channel")
      ->check(CLI::Range(1, 65535));
  app.add_option("--tls-key-log", options->key_log,
                 "session keys of connections that were encrypted");
  app.add_option("--json", options->json, "write as JSON to this file; - for stdout");
  return [options] { return WaterfallCommand(*options); };
}

}  // namespace kvwire
