#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/commands.h"
#include "client/conformance/conformance_report.h"
#include "client/conformance/plug_in.h"
#include "client/exit_code.h"
#include "client/run_options.h"
#include "client/tls/tls_options.h"
#include "common/base/status_macros.h"
#include "common/wire/parameters_conversion.h"
#include "common/wire/status_conversion.h"

namespace kvwire {
namespace {

using conformance::CaseTable;
using conformance::ConformanceReport;
using conformance::PlugIn;
using conformance::Subject;

constexpr absl::Duration kConnectTime = absl::Seconds(10);

struct ConformanceOptions {
  std::string endpoint;
  std::string restore_endpoint;
  std::vector<std::string> algorithms;  // none: all
  std::string json;
  ClientTls tls;

  bool json_on_stdout() const { return json == "-"; }
};

absl::StatusOr<std::unique_ptr<PlugIn>> Connect(const std::string& target,
                                                const ClientTls& tls) {
  KVWIRE_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(target));
  KVWIRE_ASSIGN_OR_RETURN(const ChannelSecurity security, ChannelSecurity::Create(tls));
  auto plug_in = std::make_unique<PlugIn>(endpoint, security);
  KVWIRE_RETURN_IF_ERROR(plug_in->WaitReachable(kConnectTime));
  return plug_in;
}

absl::StatusOr<v1::DescribeResponse> Describe(const PlugIn& plug_in) {
  const std::string name = plug_in.endpoint().ToString();
  absl::StatusOr<v1::DescribeResponse> description = plug_in.Describe();
  if (!description.ok()) {
    return Annotate(description.status(), absl::StrCat("the algorithm server at ", name));
  }
  if (description->protocol_version() == kProtocolVersion) return description;
  return absl::FailedPreconditionError(absl::StrCat(
      "the algorithm server at ", name, " speaks protocol version ",
      description->protocol_version(), ", the cases are those of version ", kProtocolVersion));
}

// The second process, if one is named: it must be another one.
absl::StatusOr<std::unique_ptr<PlugIn>> ConnectSecond(const ConformanceOptions& options,
                                                      uint64_t first_process) {
  if (options.restore_endpoint.empty()) return nullptr;
  KVWIRE_ASSIGN_OR_RETURN(auto second, Connect(options.restore_endpoint, options.tls));
  KVWIRE_ASSIGN_OR_RETURN(const v1::DescribeResponse description, Describe(*second));
  if (description.process_id() != first_process) return second;
  return absl::InvalidArgumentError(absl::StrCat(
      "--restore-endpoint ", options.restore_endpoint, " is the same process as ",
      options.endpoint, ": a snapshot must do without what the first process remembers"));
}

absl::Status WriteJson(const ConformanceOptions& options, const std::string& json) {
  if (options.json_on_stdout()) std::cout << json << std::endl;
  if (options.json.empty() || options.json_on_stdout()) return absl::OkStatus();
  std::ofstream file(options.json, std::ios::trunc);
  file << json << '\n';
  return file.flush() ? absl::OkStatus()
                      : absl::UnknownError(absl::StrCat(options.json, " cannot be written"));
}

absl::StatusOr<std::vector<Subject>> FindSubjects(const ConformanceOptions& options,
                                                  const PlugIn& plug_in, const PlugIn* second,
                                                  const v1::DescribeResponse& description) {
  std::vector<std::string> specs = options.algorithms;
  if (specs.empty()) {
    for (const auto& algorithm : description.algorithms()) specs.push_back(algorithm.name());
  }
  std::vector<Subject> subjects;
  for (const std::string& spec : specs) {
    KVWIRE_ASSIGN_OR_RETURN(Subject subject,
                            conformance::FindSubject(plug_in, second, description, spec));
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

absl::StatusOr<int> ConformanceCommand(const ConformanceOptions& options) {
  KVWIRE_RETURN_IF_ERROR(CheckWritable(options.json));
  KVWIRE_ASSIGN_OR_RETURN(const auto plug_in, Connect(options.endpoint, options.tls));
  KVWIRE_ASSIGN_OR_RETURN(const v1::DescribeResponse description, Describe(*plug_in));
  KVWIRE_ASSIGN_OR_RETURN(const auto second, ConnectSecond(options, description.process_id()));
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<Subject> subjects,
                          FindSubjects(options, *plug_in, second.get(), description));

  ConformanceReport report{.endpoint = plug_in->endpoint().ToString(),
                           .process_id = description.process_id()};
  const auto add = [&](CaseTable table) {
    if (!options.json_on_stdout()) std::cout << TableText(table) << std::endl;
    report.tables.push_back(std::move(table));
  };
  const Subject server{.plug_in = *plug_in, .description = description};
  add(RunCases("server", "", conformance::AllServerCases(), server));
  for (const Subject& subject : subjects) {
    add(RunCases(subject.spec(), SetupText(subject), conformance::AllAlgorithmCases(),
                 subject));
  }
  if (!options.json_on_stdout()) std::cout << SummaryText(report) << std::flush;
  KVWIRE_RETURN_IF_ERROR(WriteJson(options, ReportJson(report)));
  return report.ok() ? kExitGood : kExitVerdict;
}

}  // namespace

Command AddConformanceCommand(CLI::App& app) {
  app.description(
      "Tests an algorithm server, in whatever language it is written, against the contract "
      "of\nproto/kvwire/v1/algorithm.proto. Exit 3 if a case fails, 78 if the server cannot "
      "be reached.\n"
      "  kvwire conformance --algorithm-endpoint 127.0.0.1:7004\n"
      "  kvwire conformance --algorithm-endpoint 127.0.0.1:7004 --algorithm float16 --json -");
  const auto options = std::make_shared<ConformanceOptions>();
  app.add_option("--algorithm-endpoint", options->endpoint, "HOST:PORT of the server")
      ->required();
  app.add_option("--restore-endpoint", options->restore_endpoint,
                 "HOST:PORT of a second process of it, where snapshots are taken up");
  app.add_option("--algorithm", options->algorithms,
                 "NAME:key=value,.. to test, may be repeated; otherwise all it describes")
      ->take_all();
  app.add_option("--json", options->json,
                 "the findings as JSON to this file; - for stdout, and no tables");
  AddTlsOptions(app, options->tls);
  return [options] { return ConformanceCommand(*options); };
}

}  // namespace kvwire
