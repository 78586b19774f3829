#include "client/algorithm_list.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/version.h"
#include "common/kv/absent_algorithms.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

using Json = nlohmann::ordered_json;

std::string OptionsText(absl::Span<const AlgorithmOption> options) {
  std::string text;
  for (const AlgorithmOption& option : options) {
    absl::StrAppendFormat(&text, "%-15s  %s=%s  %s\n", "", std::string(option.key),
                          std::string(option.default_value), std::string(option.meaning));
  }
  return text;
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

std::string AlgorithmText(const KvAlgorithm& algorithm) {
  return absl::StrFormat("%-15s%s\n%-15s%s %d: %s bits%s\n%-15s%s\n",
                         std::string(algorithm.name), std::string(algorithm.summary), "",
                         std::string(AlgorithmKindName(algorithm.kind)), algorithm.code,
                         std::string(algorithm.state_bits),
                         std::string(AttentionNote(algorithm.attention)), "",
                         std::string(algorithm.reference)) +
         OptionsText(algorithm.options);
}

std::string WrapperText(const KvWrapper& wrapper) {
  return absl::StrFormat("+%-14s%s\n%-15swrapper %d\n%-15s%s\n", std::string(wrapper.name),
                         std::string(wrapper.summary), "", wrapper.code, "",
                         std::string(wrapper.reference)) +
         OptionsText(wrapper.options);
}

std::string AbsentText(const AbsentAlgorithm& absent) {
  return absl::StrFormat("%-15s%s\n%-15s%s\n%-15ssee %s\n", std::string(absent.name),
                         std::string(absent.summary), "", std::string(absent.reason), "",
                         std::string(absent.shown));
}

Json OptionsJson(absl::Span<const AlgorithmOption> options) {
  Json json = Json::array();
  for (const AlgorithmOption& option : options) {
    json.push_back(
        {{"key", option.key}, {"default", option.default_value}, {"meaning", option.meaning}});
  }
  return json;
}

Json AttentionJson(AttentionSupport support) {
  Json kinds = Json::array();
  if (support != AttentionSupport::kTensor) kinds.push_back("ordinary");
  if (support != AttentionSupport::kOrdinary) kinds.push_back("tensor");
  return kinds;
}

Json AlgorithmJson(const KvAlgorithm& algorithm) {
  return {{"name", algorithm.name},
          {"code", algorithm.code},
          {"kind", AlgorithmKindName(algorithm.kind)},
          {"summary", algorithm.summary},
          {"reference", algorithm.reference},
          {"state_bits", algorithm.state_bits},
          {"attention", AttentionJson(algorithm.attention)},
          {"options", OptionsJson(algorithm.options)}};
}

Json WrapperJson(const KvWrapper& wrapper) {
  return {{"name", wrapper.name},
          {"code", wrapper.code},
          {"summary", wrapper.summary},
          {"reference", wrapper.reference},
          {"options", OptionsJson(wrapper.options)}};
}

Json AbsentJson(const AbsentAlgorithm& absent) {
  return {{"name", absent.name},
          {"summary", absent.summary},
          {"reason", absent.reason},
          {"shown", absent.shown}};
}

}  // namespace

std::string AlgorithmListText() {
  std::string text =
      "Algorithms, written NAME:option=value,option=value; the number is the one in\n"
      "snapshots, n counts the tokens that are not zero:\n\n";
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) text += AlgorithmText(algorithm);
  absl::StrAppend(&text, "\nOptions of all of them:\n", OptionsText(CommonOptions()));
  text += "\nWrappers, written ALGORITHM+WRAPPER:option=value, the innermost first:\n\n";
  for (const KvWrapper& wrapper : BuiltInWrappers()) text += WrapperText(wrapper);
  text += "\nNot in the table:\n\n";
  for (const AbsentAlgorithm& absent : AbsentAlgorithms()) text += AbsentText(absent);
  return text;
}

std::string AlgorithmListJson() {
  Json algorithms = Json::array();
  for (const KvAlgorithm& row : BuiltInAlgorithms()) algorithms.push_back(AlgorithmJson(row));
  Json wrappers = Json::array();
  for (const KvWrapper& row : BuiltInWrappers()) wrappers.push_back(WrapperJson(row));
  Json absent = Json::array();
  for (const AbsentAlgorithm& name : AbsentAlgorithms()) absent.push_back(AbsentJson(name));
  const Json json = {{"version", kVersion},
                     {"algorithms", std::move(algorithms)},
                     {"common_options", OptionsJson(CommonOptions())},
                     {"wrappers", std::move(wrappers)},
                     {"not_in_the_table", std::move(absent)}};
  return json.dump(2);
}

}  // namespace kvwire
