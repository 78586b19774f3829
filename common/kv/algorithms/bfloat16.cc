#include "common/kv/algorithms/full_cache.h"
#include "common/kv/registry.h"

namespace kvwire {

KvAlgorithm DescribeBfloat16() {
  return {.name = "bfloat16",
          .code = 5,
          .summary = "every key and value at 16 bits, 8 of them exponent",
          .reference = "baseline",
          .state_bits = "32 n d",
          .keeps_every_bit = true,
          .create = FullCache<Eigen::bfloat16>::Create};
}

}  // namespace kvwire
