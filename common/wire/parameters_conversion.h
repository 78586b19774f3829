#ifndef KVWIRE_COMMON_WIRE_PARAMETERS_CONVERSION_H_
#define KVWIRE_COMMON_WIRE_PARAMETERS_CONVERSION_H_

// The one place that knows the public parameters both as ours and as messages.

#include "absl/status/statusor.h"
#include "common/kv/kv_cache.h"
#include "common/reduction/parameters.h"
#include "kvwire/v1/algorithm.pb.h"
#include "kvwire/v1/parameters.pb.h"

namespace kvwire {

// What both services and the driver say in protocol_version.
inline constexpr int kProtocolVersion = 1;

// Returns FAILED_PRECONDITION naming both versions unless they are equal.
absl::Status CheckProtocolVersion(int theirs);

v1::PublicParameters ParametersToProto(const PublicParameters& parameters);

// Returns INVALID_ARGUMENT on parameters out of range.
absl::StatusOr<PublicParameters> ParametersFromProto(const v1::PublicParameters& proto);

// What an algorithm process must know to hold the cache of these parameters.
v1::CacheParameters CacheParametersOf(const PublicParameters& parameters);

// The setup of a built-in algorithm. Returns INVALID_ARGUMENT on an unknown
// algorithm or option, or on numbers out of range.
absl::StatusOr<CacheSetup> CacheSetupFromProto(const v1::CacheParameters& proto,
                                               int64_t memory_limit_bytes);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_PARAMETERS_CONVERSION_H_
