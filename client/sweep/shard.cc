#include "client/sweep/shard.h"

#include <charconv>

#include "absl/strings/str_cat.h"

namespace kvwire {
namespace {

bool ParseWhole(std::string_view text, int64_t& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end;
}

}  // namespace

std::string Shard::ToString() const { return absl::StrCat(index, "/", count); }

absl::StatusOr<Shard> ParseShard(std::string_view text) {
  Shard shard;
  const size_t slash = text.find('/');
  const bool parsed = slash != std::string_view::npos &&
                      ParseWhole(text.substr(0, slash), shard.index) &&
                      ParseWhole(text.substr(slash + 1), shard.count);
  if (parsed && 1 <= shard.index && shard.index <= shard.count && shard.count <= kMostShards) {
    return shard;
  }
  return absl::InvalidArgumentError(absl::StrCat("shard '", std::string(text),
                                                 "' is not I/N with I from 1 to N, and N to ",
                                                 kMostShards));
}

}  // namespace kvwire
