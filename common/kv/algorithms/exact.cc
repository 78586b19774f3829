#include "common/kv/algorithms/algorithms.h"
#include "common/kv/algorithms/full_cache.h"

namespace kvwire {

absl::StatusOr<std::unique_ptr<KvCache>> CreateExact(const CacheSetup& setup) {
  return FullCache<float>::Create(setup);
}

}  // namespace kvwire
