#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_INSTRUCTION_SET_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_INSTRUCTION_SET_H_

// Which of the attention kernels runs: the widest that the machine can.

#include <optional>
#include <string_view>

#include "absl/types/span.h"
#include "common/attention/kernel/attention_kernel.h"

namespace kvwire {

enum class InstructionSet { kBaseline, kAvx2, kAvx512 };

// "baseline", "avx2", "avx512".
std::string_view InstructionSetName(InstructionSet set);

// Those that this machine and its operating system can run, narrowest first.
absl::Span<const InstructionSet> SupportedInstructionSets();

InstructionSet AttentionInstructionSet();

// Makes attention use a supported set from now on, for tests and benchmarks; nothing: the
// widest. Thread-safe; calls that are under way, and who keeps a kernel, go on as they began.
void SetAttentionInstructionSet(std::optional<InstructionSet> set);

const AttentionKernel& ActiveAttentionKernel();

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_INSTRUCTION_SET_H_
