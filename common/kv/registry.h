#ifndef KVWIRE_COMMON_KV_REGISTRY_H_
#define KVWIRE_COMMON_KV_REGISTRY_H_

// The table of built-in algorithms. A new one is one file in algorithms/, one row
// here and one in the README.

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/kv/kv_cache.h"

namespace kvwire {

struct AlgorithmOption {
  std::string_view key;
  std::string_view default_value;
  std::string_view meaning;
};

struct KvAlgorithm {
  std::string_view name;
  uint8_t code;                // in snapshots; never reused
  std::string_view summary;    // one line
  std::string_view reference;  // paper, or "baseline"
  absl::Span<const AlgorithmOption> options;
  // Returns INVALID_ARGUMENT on an option's value, FAILED_PRECONDITION without a
  // frame where one is needed, RESOURCE_EXHAUSTED if the L tokens of setup.frame
  // would not fit into setup.memory_limit_bytes.
  absl::StatusOr<std::unique_ptr<KvCache>> (*create)(const CacheSetup& setup);
  // Checks the values of the options: OK or INVALID_ARGUMENT naming option and
  // range. Null where there are no options.
  absl::Status (*check_options)(const AlgorithmSpec& spec);
};

// All built-in algorithms in order of name.
absl::Span<const KvAlgorithm> BuiltInAlgorithms();

// Returns NOT_FOUND, listing the names, for an unknown one.
absl::StatusOr<const KvAlgorithm*> FindAlgorithm(std::string_view name);

// Parses and checks a spec: known name (else NOT_FOUND), known options (else
// INVALID_ARGUMENT listing them) with values in range (else INVALID_ARGUMENT).
// Options that say their default are dropped, so that equal algorithms have equal
// text.
absl::StatusOr<AlgorithmSpec> ParseBuiltInSpec(std::string_view text);

// Creates an empty cache of setup.spec. Errors as ParseBuiltInSpec and create, and
// INVALID_ARGUMENT unless 1 <= d <= kMaxCacheDims, setup.frame has the same d, and
// the memory limit is not negative.
absl::StatusOr<std::unique_ptr<KvCache>> CreateCache(const CacheSetup& setup);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_REGISTRY_H_
