#ifndef KVWIRE_COMMON_WORKLOAD_GAUSSIAN_WORKLOAD_H_
#define KVWIRE_COMMON_WORKLOAD_GAUSSIAN_WORKLOAD_H_

// Synthetic workloads: unit keys, Gaussian values, queries of norm r along the keys of
// tokens drawn at random. With c clusters, token t belongs to cluster z_t, uniform:
//   key_t = unit(centre_z + spread g / sqrt(d)),  value_t = mean_z + spread' g'
// for independent centres, uniform on the sphere, cluster means of standard normals, and
// standard normal vectors g and g'. Without clusters keys are uniform on the sphere and
// values standard normal.
//
// Tokens are exchangeable: nothing is recent, and nothing that was asked for is more
// likely to be asked for again. What policies on text live from is absent by design.

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/workload/attention_workload.h"

namespace kvwire {

struct GaussianWorkload {
  std::string_view name;
  std::string_view summary;
  int64_t clusters = 0;     // c; 0: none
  double key_spread = 0;    // of a key about its centre
  double value_spread = 0;  // of a value about its cluster's mean
  double query_norm = 1;    // r
};

// clustered, flat, needle and peaky, in order of name.
absl::Span<const GaussianWorkload> GaussianWorkloads();

struct WorkloadSize {
  int64_t tokens = 4096;  // n
  int64_t dims = 64;      // d
  int64_t queries = 40;   // m
  int64_t scale_tokens = 64;
};

// Draws a workload. A token's own query is r times the key of any
// token of the stream, drawn again for each; those of `queries` are of m different tokens.
// A pure function of its arguments, the same bits on every machine. Returns
// INVALID_ARGUMENT unless 1 <= m <= n, d >= 1, n d <= kMaxWorkloadNumbers and scales have
// a token. O(n d).
absl::StatusOr<AttentionWorkload> DrawWorkload(const GaussianWorkload& workload,
                                               const WorkloadSize& size, uint64_t seed);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WORKLOAD_GAUSSIAN_WORKLOAD_H_
