#include <iostream>

#include "absl/strings/str_format.h"
#include "client/commands.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

absl::StatusOr<int> ListCommand() {
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    std::cout << absl::StrFormat("%-12s %s\n%-12s %s\n", std::string(algorithm.name),
                                 std::string(algorithm.summary), "",
                                 std::string(algorithm.reference));
    for (const AlgorithmOption& option : algorithm.options) {
      std::cout << absl::StrFormat("%-12s   %s=%s  %s\n", "", std::string(option.key),
                                   std::string(option.default_value),
                                   std::string(option.meaning));
    }
  }
  return 0;
}

}  // namespace

Command AddListCommand(CLI::App& app) {
  app.description("Lists the built-in algorithms with their papers and options.");
  return [] { return ListCommand(); };
}

}  // namespace kvwire
