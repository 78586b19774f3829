#include "common/kv/algorithms/full_cache.h"
#include "common/kv/registry.h"

namespace kvwire {

KvAlgorithm DescribeFloat16() {
  return {.name = "float16",
          .code = 2,
          .summary = "every key and value at 16 bits",
          .reference = "baseline",
          .state_bits = "32 n d",
          .keeps_every_bit = true,
          .create = FullCache<Eigen::half>::Create};
}

}  // namespace kvwire
