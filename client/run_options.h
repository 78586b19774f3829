#ifndef KVWIRE_CLIENT_RUN_OPTIONS_H_
#define KVWIRE_CLIENT_RUN_OPTIONS_H_

// The flags of `run`, `send` and `demo`, and what they mean.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/driver.h"
#include "client/services.h"
#include "client/verdict.h"

namespace kvwire {

struct RunOptions {
  std::string problem = "var";
  std::optional<int64_t> n;  // absent: 64, or the smallest that holds the file
  std::string scales;
  int64_t dims = 256;
  std::string frame = "unit";
  uint64_t seed = 1;
  std::string sharpness = "solve";
  std::string algorithm = "exact";
  std::string payload = "random";
  std::string mask = "private";
  std::string secret_seed;
  std::string encoding = "bits";
  double eta = 0;
  std::string eta_mode = "worst";
  std::string ask;  // empty: as the problem asks
  std::string queries = "rows";
  int64_t memory_limit_bytes = 0;
  std::string save_snapshot;
  bool waterfall = false;
  std::string pcap;               // path for the capture; with one there is a waterfall too
  std::string capture_interface;  // empty: lo for a channel on loopback, else any
  std::string tls_key_log;        // of running services
  std::string timeout = "10s";
  std::string json;  // path, "-" for stdout, empty for text
  bool allow_shared_algorithm = false;
  bool allow_long = false;
  ServicesOptions services;

  bool json_on_stdout() const { return json == "-"; }
};

// Flags for where the services are.
void AddEndpointOptions(CLI::App& app, RunOptions& options);

// Flags for how they are used: --timeout, --threads, which sets those of this process too, and
// --allow-shared-algorithm.
void AddProcessOptions(CLI::App& app, RunOptions& options);

// These, --memory-limit and --secret-seed.
void AddLimitOptions(CLI::App& app, RunOptions& options);

// All of them; all three commands have them.
void AddServiceOptions(CLI::App& app, RunOptions& options);

// The services' options with the timeout parsed.
absl::StatusOr<ServicesOptions> ServicesOptionsOf(const RunOptions& options);

// Starts or names the services that the flags ask for; before anything else of gRPC, because
// it forks, and after what can be refused without them. Returns INVALID_ARGUMENT on flags that
// do not go together and on files to be written that cannot be: a run is not lost at its end
// for them.
absl::StatusOr<Services> StartServices(const RunOptions& options);

// Returns INVALID_ARGUMENT, naming it, unless the file can be written. Leaves what is
// there as it is. "" and "-" are no files.
absl::Status CheckWritable(const std::string& path);

// Reads the file whole. Returns INVALID_ARGUMENT, naming it, if it is missing, not
// a regular file, empty, or holds more bits than any run can carry.
absl::StatusOr<std::string> ReadPayloadFile(const std::string& path);

// The run that the flags ask for, carrying `file` if there is one (without --n, on
// the smallest pyramid that holds it) and random bits otherwise. Sharpness is
// solved here, the same frame's once a process. Returns INVALID_ARGUMENT or
// OUT_OF_RANGE naming the flag at fault.
absl::StatusOr<RunRequest> MakeRunRequest(const RunOptions& options,
                                          const std::optional<std::string>& file);

// Prints the result where the flags say, in the form they say, and returns the exit
// code of the verdict, or UNKNOWN if the JSON file or stdout cannot be written.
absl::StatusOr<int> ReportRun(const RunOptions& options, const RunResult& result);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RUN_OPTIONS_H_
