#ifndef KVWIRE_CLIENT_SWEEP_SHARD_H_
#define KVWIRE_CLIENT_SWEEP_SHARD_H_

// Which part of a plan one process runs: every count-th trial, so that shards take about
// as long as each other where neighbours in the plan do.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kvwire {

inline constexpr int64_t kMostShards = 1'000'000;

struct Shard {
  int64_t index = 1;  // 1 .. count
  int64_t count = 1;

  // Whether the trial at `place` of the plan, from 0 on, is of this shard.
  bool Holds(int64_t place) const { return place % count == index - 1; }
  std::string ToString() const;  // "3/16"

  friend bool operator==(const Shard&, const Shard&) = default;
};

// Parses "3/16". Returns INVALID_ARGUMENT unless 1 <= index <= count <= kMostShards.
absl::StatusOr<Shard> ParseShard(std::string_view text);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_SHARD_H_
