#ifndef KVWIRE_COMMON_KV_EVICTING_CACHE_H_
#define KVWIRE_COMMON_KV_EVICTING_CACHE_H_

// The cache of every evictor: some rows of the stream, in order of arrival, each with what
// its policy notes of it. The tokens of a scale are all visible until the next scale
// begins; then, and in any snapshot, only what the policy leaves of them. Where a token
// stood in the stream is not kept: without position embeddings the order of arrival is all
// that a policy needs, and attention does not even need that.
//
// Sections, those with nothing to say left out by policy, not by state:
//   rows      the rows kept, at binary32 or binary16
//   counters  64 bits: how many tokens of the stream are zero, for the container's count
//             of tokens includes the evicted ones
//   scores    the policy's note of each row
//   queries, indices   the recent queries (recent_queries.h)

#include <memory>

#include "absl/status/statusor.h"
#include "common/kv/eviction_policy.h"
#include "common/kv/kv_cache.h"
#include "common/kv/registry.h"

namespace kvwire {

// The option of every evictor for the numbers of its rows.
inline constexpr AlgorithmOption kFormatOption = {
    "format", "float32", "numbers of a kept token: float32 or float16"};

// Returns INVALID_ARGUMENT on another value of it.
absl::Status CheckFormatOption(const AlgorithmSpec& spec);

// Bound on a number of tokens in an option.
inline constexpr int64_t kMaxBudget = int64_t{1} << 32;

// Creates the cache of setup.spec, whose policy it is. Returns RESOURCE_EXHAUSTED as
// KvAlgorithm::create, for as many of the frame's tokens as the policy leaves.
absl::StatusOr<std::unique_ptr<KvCache>> CreateEvictingCache(
    const CacheSetup& setup, std::unique_ptr<const EvictionPolicy> policy);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_EVICTING_CACHE_H_
