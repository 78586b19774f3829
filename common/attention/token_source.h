#ifndef KVWIRE_COMMON_ATTENTION_TOKEN_SOURCE_H_
#define KVWIRE_COMMON_ATTENTION_TOKEN_SOURCE_H_

// Tokens as the attention kernel takes them: what blocks of ordinary attention and the
// factors of tensor attention both come down to.

#include "absl/functional/function_ref.h"
#include "common/attention/kernel/attention_kernel.h"
#include "common/attention/softmax_attention.h"

namespace kvwire {

struct VisitedTokens {
  KernelTokens tokens;
  bool lasting;  // as of KeyValueBlock
};

using TokenVisitor = absl::FunctionRef<void(const VisitedTokens&)>;

// As BlockSource.
using TokenSource = absl::FunctionRef<void(TokenVisitor)>;

// A TokenSource is [blocks](TokenVisitor visitor) { VisitTokens(blocks, visitor); }.
inline void VisitTokens(BlockSource blocks, TokenVisitor visitor) {
  blocks([visitor](const KeyValueBlock& block) {
    visitor({{block.keys.data(), block.values.data(), block.log_weights, block.keys.rows(),
              block.keys.cols()},
             block.lasting});
  });
}

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_TOKEN_SOURCE_H_
