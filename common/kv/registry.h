#ifndef KVWIRE_COMMON_KV_REGISTRY_H_
#define KVWIRE_COMMON_KV_REGISTRY_H_

// The built-in algorithms and wrappers. A new algorithm is one file in algorithms/, one
// row in algorithm_table.cc and one in the README.

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/kv/kv_cache.h"

namespace kvwire {

// In snapshots an option is its place in the table: new ones go to the end.
struct AlgorithmOption {
  std::string_view key;
  std::string_view default_value;
  std::string_view meaning;
};

enum class AlgorithmKind {
  kBaseline,   // no paper's compressor: a measure for the others
  kQuantizer,  // every token, in fewer bits
  kEvictor,    // some tokens, whole
  kSketch,     // sums and samples
};

// "baseline", "quantiser", "evictor", "sketch".
std::string_view AlgorithmKindName(AlgorithmKind kind);

enum class AttentionSupport { kBoth, kOrdinary, kTensor };

struct KvAlgorithm {
  std::string_view name;
  uint8_t code = 0;  // in snapshots; never reused
  AlgorithmKind kind = AlgorithmKind::kBaseline;
  std::string_view summary;     // one line
  std::string_view reference;   // paper, or "baseline"
  std::string_view state_bits;  // the formula, in n tokens that are not zero, d, options
  absl::Span<const AlgorithmOption> options = {};
  AttentionSupport attention = AttentionSupport::kBoth;
  // Keys are not stored but known by the place of their tokens in the stream.
  bool keys_by_place = false;
  // Bits in values (ValueEncoding) come back from every token as they were, at any size.
  bool keeps_every_bit = false;
  // Returns INVALID_ARGUMENT on an option's value, FAILED_PRECONDITION without a
  // frame where one is needed, RESOURCE_EXHAUSTED if the L tokens of setup.frame
  // would not fit into setup.memory_limit_bytes.
  absl::StatusOr<std::unique_ptr<KvCache>> (*create)(const CacheSetup& setup) = nullptr;
  // Checks the values of the options: OK or INVALID_ARGUMENT naming option and
  // range. Null where there are no options.
  absl::Status (*check_options)(const AlgorithmSpec& spec) = nullptr;
};

// What can be wrapped around an algorithm: NAME:options+WRAPPER:options.
struct KvWrapper {
  std::string_view name;
  uint8_t code = 0;  // in snapshots; never reused
  std::string_view summary;
  std::string_view reference;
  absl::Span<const AlgorithmOption> options = {};
  // Whether bodies of sections are as compressed_section.h says.
  bool codes_sections = false;
  // Wraps `inner`, created from setup without this wrapper and those outside it.
  // `spec` is the wrapper's own. Returns INVALID_ARGUMENT if it does not go around `inner`,
  // RESOURCE_EXHAUSTED as KvAlgorithm::create.
  absl::StatusOr<std::unique_ptr<KvCache>> (*create)(const CacheSetup& setup,
                                                     const AlgorithmSpec& spec,
                                                     std::unique_ptr<KvCache> inner) = nullptr;
  absl::Status (*check_options)(const AlgorithmSpec& spec) = nullptr;
};

// All built-in algorithms, and all wrappers, in order of name.
absl::Span<const KvAlgorithm> BuiltInAlgorithms();
absl::Span<const KvWrapper> BuiltInWrappers();

// Options that every algorithm has besides its own. In snapshots they are numbered from
// kFirstCommonOption on.
absl::Span<const AlgorithmOption> CommonOptions();
inline constexpr uint8_t kFirstCommonOption = 128;

// Returns NOT_FOUND for an unknown name, listing those there are, and for an absent one
// (absent_algorithms.h), saying why it is.
absl::StatusOr<const KvAlgorithm*> FindAlgorithm(std::string_view name);
absl::StatusOr<const KvWrapper*> FindWrapper(std::string_view name);

// Parses and checks a spec: known names (else NOT_FOUND), known options (else
// INVALID_ARGUMENT listing them) with values in range (else INVALID_ARGUMENT).
// Options that say their default are dropped, so that equal algorithms have equal
// text.
absl::StatusOr<AlgorithmSpec> ParseBuiltInSpec(std::string_view text);

// Creates an empty cache of setup.spec. Errors as ParseBuiltInSpec and create, and
// INVALID_ARGUMENT unless 1 <= d <= kMaxCacheDims, setup.frame has the same d, the
// algorithm has this kind of attention, and the memory limit is not negative.
absl::StatusOr<std::unique_ptr<KvCache>> CreateCache(const CacheSetup& setup);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_REGISTRY_H_
