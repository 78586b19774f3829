#ifndef KVWIRE_COMMON_WORKLOAD_DUMP_WORKLOAD_H_
#define KVWIRE_COMMON_WORKLOAD_DUMP_WORKLOAD_H_

// One attention head of a real model as a workload, from a safetensors file with
//   keys     [n, d]  as they stand in the cache, positions applied
//   values   [n, d]
//   queries  [m, d]  asked at the end
//   token_queries  [n, d]  optional: the tokens' own queries, for policies that go by
//            them; absent, they are `queries` where m = n, and else zeros
// each in F32, F16 or BF16. Other tensors are left alone.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/workload/attention_workload.h"

namespace kvwire {

// Reads a dump in scales of `scale_tokens` tokens. Errors name the path. Returns those of
// SafetensorsFile::Open and Read, and
// INVALID_ARGUMENT  a tensor is missing, not of two dimensions, empty, has another d or n
//                   than the keys, or over kMaxWorkloadNumbers numbers; scale_tokens < 1
absl::StatusOr<AttentionWorkload> ReadDumpWorkload(const std::string& path,
                                                   int64_t scale_tokens);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WORKLOAD_DUMP_WORKLOAD_H_
