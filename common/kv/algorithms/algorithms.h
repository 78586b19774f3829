#ifndef KVWIRE_COMMON_KV_ALGORITHMS_ALGORITHMS_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_ALGORITHMS_H_

// The factories behind the rows of the registry; each is defined in the file of its
// algorithm. Contracts: KvAlgorithm in registry.h. Everybody else calls CreateCache.

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/kv/kv_cache.h"

namespace kvwire {

absl::StatusOr<std::unique_ptr<KvCache>> CreateBitplane(const CacheSetup& setup);
absl::StatusOr<std::unique_ptr<KvCache>> CreateExact(const CacheSetup& setup);
absl::StatusOr<std::unique_ptr<KvCache>> CreateFloat16(const CacheSetup& setup);
absl::StatusOr<std::unique_ptr<KvCache>> CreateStreaming(const CacheSetup& setup);
absl::Status CheckStreamingOptions(const AlgorithmSpec& spec);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_ALGORITHMS_H_
