#include "common/kv/algorithms/full_cache.h"
#include "common/kv/registry.h"

namespace kvwire {

KvAlgorithm DescribeExact() {
  return {.name = "exact",
          .code = 1,
          .summary = "every key and value at 32 bits",
          .reference = "baseline",
          .state_bits = "64 n d",
          .keeps_every_bit = true,
          .create = FullCache<float>::Create};
}

}  // namespace kvwire
