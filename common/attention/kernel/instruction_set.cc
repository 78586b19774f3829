#include "common/attention/kernel/instruction_set.h"

#include <atomic>
#include <cassert>
#include <vector>

#include "absl/algorithm/container.h"

namespace kvwire {
namespace {

std::vector<InstructionSet> FindSupported() {
  std::vector<InstructionSet> sets = {InstructionSet::kBaseline};
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    sets.push_back(InstructionSet::kAvx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
      sets.push_back(InstructionSet::kAvx512);
    }
  }
#endif
  return sets;
}

std::atomic<InstructionSet>& Active() {
  static std::atomic<InstructionSet> active = SupportedInstructionSets().back();
  return active;
}

}  // namespace

std::string_view InstructionSetName(InstructionSet set) {
  switch (set) {
    case InstructionSet::kBaseline:
      return "baseline";
    case InstructionSet::kAvx2:
      return "avx2";
    case InstructionSet::kAvx512:
      return "avx512";
  }
  return "unknown";
}

absl::Span<const InstructionSet> SupportedInstructionSets() {
  static const auto& supported = *new std::vector<InstructionSet>(FindSupported());
  return supported;
}

InstructionSet AttentionInstructionSet() { return Active(); }

void SetAttentionInstructionSet(std::optional<InstructionSet> set) {
  assert(!set.has_value() || absl::c_linear_search(SupportedInstructionSets(), *set));
  Active() = set.value_or(SupportedInstructionSets().back());
}

const AttentionKernel& ActiveAttentionKernel() {
  switch (AttentionInstructionSet()) {
#ifdef __x86_64__
    case InstructionSet::kAvx2:
      return kAvx2Kernel;
    case InstructionSet::kAvx512:
      return kAvx512Kernel;
#endif
    default:
      return kBaselineKernel;
  }
}

}  // namespace kvwire
