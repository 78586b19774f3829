#include <iostream>
#include <memory>
#include <string>

#include "client/algorithm_list.h"
#include "client/commands.h"
#include "client/result_file.h"
#include "client/run_options.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

absl::StatusOr<int> ListCommand(const std::string& json) {
  KVWIRE_RETURN_IF_ERROR(CheckWritable(json));
  if (json != "-") std::cout << AlgorithmListText() << std::flush;
  if (!std::cout.good()) return absl::UnknownError("the result cannot be written to stdout");
  KVWIRE_RETURN_IF_ERROR(WriteResult(json, AlgorithmListJson() + "\n"));
  return 0;
}

}  // namespace

Command AddListCommand(CLI::App& app) {
  app.description(
      "Lists the built-in algorithms and wrappers with papers, options and sizes, and what is "
      "none and why.");
  const auto json = std::make_shared<std::string>();
  app.add_option("--json", *json, "write the list as JSON to this file; - for stdout");
  return [json] { return ListCommand(*json); };
}

}  // namespace kvwire
