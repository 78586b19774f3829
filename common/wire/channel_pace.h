#ifndef KVWIRE_COMMON_WIRE_CHANNEL_PACE_H_
#define KVWIRE_COMMON_WIRE_CHANNEL_PACE_H_

// How far Alice may be ahead of Bob on the one-way channel, as channel.proto has it. The
// window of the connection is gRPC's affair and has no bound; these do.

#include <cstdint>

namespace kvwire {

// What one cut may make Alice send again: she is never further ahead of what Bob has said
// that he has.
inline constexpr int64_t kMostResentBytes = int64_t{32} << 20;

// Her chunks have no more.
inline constexpr int64_t kLargestChunkBytes = int64_t{4} << 20;

// Where a chunk begins that she may send.
inline constexpr int64_t kMostAheadBytes = kMostResentBytes - kLargestChunkBytes;

// Bob says what he has whenever it has grown by so much.
inline constexpr int64_t kProgressBytes = int64_t{4} << 20;

// Or both would wait: what she sent before she stops must make him speak.
static_assert(kProgressBytes <= kMostAheadBytes);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_CHANNEL_PACE_H_
