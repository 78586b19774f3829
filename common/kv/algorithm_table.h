#ifndef KVWIRE_COMMON_KV_ALGORITHM_TABLE_H_
#define KVWIRE_COMMON_KV_ALGORITHM_TABLE_H_

// The rows behind registry.h. Everybody else asks the registry.

#include "absl/types/span.h"
#include "common/kv/registry.h"

namespace kvwire {

absl::Span<const KvAlgorithm> AlgorithmTable();  // in order of name
absl::Span<const KvWrapper> WrapperTable();      // in order of name

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHM_TABLE_H_
