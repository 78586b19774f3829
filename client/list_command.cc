#include <iostream>
#include <string>

#include "absl/strings/str_format.h"
#include "client/commands.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

void PrintOptions(absl::Span<const AlgorithmOption> options) {
  for (const AlgorithmOption& option : options) {
    std::cout << absl::StrFormat("%-15s  %s=%s  %s\n", "", std::string(option.key),
                                 std::string(option.default_value),
                                 std::string(option.meaning));
  }
}

std::string_view AttentionNote(AttentionSupport support) {
  switch (support) {
    case AttentionSupport::kBoth:
      return "";
    case AttentionSupport::kOrdinary:
      return "; ordinary attention only";
    case AttentionSupport::kTensor:
      return "; tensor attention only";
  }
  return "";
}

void PrintAlgorithm(const KvAlgorithm& algorithm) {
  std::cout << absl::StrFormat(
      "%-15s%s\n%-15s%s %d: %s bits%s\n%-15s%s\n", std::string(algorithm.name),
      std::string(algorithm.summary), "", std::string(AlgorithmKindName(algorithm.kind)),
      algorithm.code, std::string(algorithm.state_bits),
      std::string(AttentionNote(algorithm.attention)), "", std::string(algorithm.reference));
  PrintOptions(algorithm.options);
}

void PrintWrapper(const KvWrapper& wrapper) {
  std::cout << absl::StrFormat("+%-14s%s\n%-15swrapper %d\n%-15s%s\n",
                               std::string(wrapper.name), std::string(wrapper.summary), "",
                               wrapper.code, "", std::string(wrapper.reference));
  PrintOptions(wrapper.options);
}

absl::StatusOr<int> ListCommand() {
  std::cout << "Algorithms, written NAME:option=value,option=value; the number is the one in\n"
               "snapshots, n counts the tokens that are not zero:\n\n";
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) PrintAlgorithm(algorithm);
  std::cout << "\nOptions of all of them:\n";
  PrintOptions(CommonOptions());
  std::cout << "\nWrappers, written ALGORITHM+WRAPPER:option=value, the innermost first:\n\n";
  for (const KvWrapper& wrapper : BuiltInWrappers()) PrintWrapper(wrapper);
  return 0;
}

}  // namespace

Command AddListCommand(CLI::App& app) {
  app.description(
      "Lists the built-in algorithms and wrappers with papers, options and sizes.");
  return [] { return ListCommand(); };
}

}  // namespace kvwire
