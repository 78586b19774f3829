#include "common/kv/algorithms/algorithms.h"
#include "common/kv/algorithms/full_cache.h"

namespace kvwire {

// IEEE 754 binary16, rounded to nearest even. A public key frame loses bits here
// although it is public: an honest generic cache does not know that.
absl::StatusOr<std::unique_ptr<KvCache>> CreateFloat16(const CacheSetup& setup) {
  return FullCache<Eigen::half>::Create(setup);
}

}  // namespace kvwire
