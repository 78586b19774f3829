#include "client/run_options.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/problem_options.h"
#include "client/report.h"
#include "client/result_file.h"
#include "client/tls/tls_options.h"
#include "common/base/parallel.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

absl::Status SetPayload(const std::optional<std::string>& file, RunRequest& request) {
  const int64_t payload_bits = request.parameters.payload_bits();
  if (!file.has_value()) {
    KVWIRE_ASSIGN_OR_RETURN(request.payload, request.secret.Draw("payload", payload_bits));
    return absl::OkStatus();
  }
  const auto file_bits = static_cast<int64_t>(8 * file->size());
  if (file_bits > payload_bits) {
    return absl::InvalidArgumentError(
        absl::StrCat("the file has ", file_bits, " bits, but L d = ", payload_bits,
                     "; take a larger --n or --d, or kvwire send without --n"));
  }
  request.payload = BitVector::FromBytes(*file, payload_bits);
  request.payload_bytes = static_cast<int64_t>(file->size());
  return absl::OkStatus();
}

}  // namespace

void AddEndpointOptions(CLI::App& app, RunOptions& options) {
  ServicesOptions& services = options.services;
  app.add_option("--alice", services.alice, "HOST:PORT of a running Alice; absent: start one");
  app.add_option("--bob", services.bob, "HOST:PORT of a running Bob; absent: start one");
  app.add_option("--channel", services.channel,
                 "HOST:PORT that Alice dials; absent: what Bob reports");
  app.add_option("--alice-algorithm", services.alice_algorithm,
                 "HOST:PORT of an algorithm server for our own Alice");
  app.add_option("--bob-algorithm", services.bob_algorithm,
                 "HOST:PORT of an algorithm server for our own Bob");
  app.add_flag("--tls", services.own_tls,
               "services of our own speak mutual TLS, with certificates made for this run");
  AddTlsOptions(app, services.tls);
}

void AddServiceOptions(CLI::App& app, RunOptions& options) {
  AddEndpointOptions(app, options);
  AddLimitOptions(app, options);
}

void AddProcessOptions(CLI::App& app, RunOptions& options) {
  app.add_option("--timeout", options.timeout, "how long connecting may take in all")
      ->capture_default_str();
  app.add_option_function<int>(
         "--threads",
         [&options](int threads) {
           options.services.threads = threads;
           SetParallelThreads(threads);
         },
         "threads for computing, here and in services of our own; 0: one a core")
      ->check(CLI::Range(0, 1024));
  app.add_flag("--allow-shared-algorithm", options.allow_shared_algorithm,
               "let Alice and Bob use one algorithm process");
}

void AddLimitOptions(CLI::App& app, RunOptions& options) {
  AddProcessOptions(app, options);
  app.add_option(
         "--memory-limit", options.memory_limit_bytes,
         "most bytes of an algorithm's state (64MiB, ...); absent: the algorithm's own")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(int64_t{1}, std::numeric_limits<int64_t>::max()));
  app.add_option("--secret-seed", options.secret_seed,
                 "hexadecimal; fixes payload, mask and question for a reproducible message");
}

absl::StatusOr<ServicesOptions> ServicesOptionsOf(const RunOptions& options) {
  ServicesOptions services = options.services;
  if (!absl::ParseDuration(options.timeout, &services.timeout)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--timeout ", options.timeout, " is not a duration like 10s or 500ms"));
  }
  return services;
}

absl::Status CheckWritable(const std::string& path) {
  if (path.empty() || path == "-") return absl::OkStatus();
  std::error_code error;
  const bool present = std::filesystem::exists(path, error);
  const bool writable = std::ofstream(path, std::ios::app).good();
  if (writable && !present) std::filesystem::remove(path, error);
  if (writable) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(path, " cannot be written"));
}

absl::StatusOr<Services> StartServices(const RunOptions& options) {
  KVWIRE_ASSIGN_OR_RETURN(const ServicesOptions where, ServicesOptionsOf(options));
  KVWIRE_RETURN_IF_ERROR(CheckWritable(options.json));
  KVWIRE_RETURN_IF_ERROR(CheckWritable(options.save_snapshot));
  KVWIRE_RETURN_IF_ERROR(CheckWritable(options.pcap));
  return PrepareServices(where);
}

absl::StatusOr<std::string> ReadPayloadFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat("there is no file ", path));
  }
  const auto size = static_cast<int64_t>(std::filesystem::file_size(path, error));
  if (error || size == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is empty: there is nothing to send"));
  }
  if (size > kMaxPayloadBits / 8) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " has ", size, " bytes; a run carries ", kMaxPayloadBits / 8, " at most"));
  }
  std::ifstream file(path, std::ios::binary);
  std::string bytes(size, '\0');
  if (!file.read(bytes.data(), size)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " cannot be read"));
  }
  return bytes;
}

absl::StatusOr<RunRequest> MakeRunRequest(const RunOptions& options,
                                          const std::optional<std::string>& file) {
  const int64_t file_bits = file.has_value() ? static_cast<int64_t>(8 * file->size()) : 0;
  KVWIRE_ASSIGN_OR_RETURN(PublicParameters parameters, ParametersOf(options, file_bits));
  RunRequest request{.parameters = std::move(parameters),
                     .masked = options.mask == "private",
                     .all_queries = options.queries == "all",
                     .memory_limit_bytes = options.memory_limit_bytes,
                     .save_snapshot = options.save_snapshot};
  if (!options.secret_seed.empty()) {
    KVWIRE_ASSIGN_OR_RETURN(request.secret, SecretBits::FromSeed(options.secret_seed));
  }
  KVWIRE_ASSIGN_OR_RETURN(
      request.question,
      ParseQuestion(options.ask.empty() ? DefaultQuestion(request.parameters) : options.ask,
                    request.parameters.shape.tokens(), request.parameters.dims));
  KVWIRE_RETURN_IF_ERROR(SetPayload(file, request));
  return request;
}

absl::StatusOr<int> ReportRun(const RunOptions& options, const RunResult& result) {
  const Verdict verdict =
      Judge(result, {.allow_shared_algorithm = options.allow_shared_algorithm});
  if (!options.json_on_stdout()) std::cout << ResultText(result, verdict) << std::flush;
  if (!std::cout.good()) return absl::UnknownError("the result cannot be written to stdout");
  KVWIRE_RETURN_IF_ERROR(WriteResult(options.json, ResultJson(result, verdict) + "\n"));
  return verdict.ok() ? kExitGood : kExitVerdict;
}

}  // namespace kvwire
