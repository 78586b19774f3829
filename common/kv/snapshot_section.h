#ifndef KVWIRE_COMMON_KV_SNAPSHOT_SECTION_H_
#define KVWIRE_COMMON_KV_SNAPSHOT_SECTION_H_

// The sections of a snapshot: what its bits are, so that a state can be broken down.

#include <cstdint>
#include <string_view>

namespace kvwire {

// Five bits in the container; a number is never reused. Row contents also say the type
// of their numbers.
enum class SectionContent : uint8_t {
  kRows32 = 1,    // whole tokens, each number binary32
  kRows16 = 2,    // binary16
  kRowsBf16 = 3,  // bfloat16
  kCodes = 4,     // quantised numbers
  kScales = 5,    // scales and offsets of groups of codes
  kNorms = 6,     // lengths of vectors
  kIndices = 7,   // which channels or tokens
  kScores = 8,    // what a policy remembers of a kept token
  kCounters = 9,  // how many
  kSums = 10,     // sums over tokens, or over layers
  kQueries = 11,  // recent queries, binary32
};

inline constexpr uint8_t kLastSectionContent = 11;

// "tokens, binary32", "codes", ...; "unknown" for a number without a name.
constexpr std::string_view SectionContentName(SectionContent content) {
  constexpr std::string_view kNames[] = {"unknown",
                                         "tokens, binary32",
                                         "tokens, binary16",
                                         "tokens, bfloat16",
                                         "codes",
                                         "scales",
                                         "norms",
                                         "indices",
                                         "scores",
                                         "counters",
                                         "sums",
                                         "queries, binary32"};
  const auto index = static_cast<uint8_t>(content);
  return kNames[index <= kLastSectionContent ? index : 0];
}

// `bits` is the exact length: the last byte's unused highest bits, fewer than 8, are 0.
struct SnapshotSection {
  SectionContent content = SectionContent::kRows32;
  int64_t bits = 0;
  // For entropy coders, not written: a row of the section is `row_symbols` symbols of
  // `symbol_bits` (1 .. 16) each, and the symbols in one column are alike.
  int symbol_bits = 8;
  int64_t row_symbols = 1;

  int64_t bytes() const { return (bits + 7) / 8; }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_SNAPSHOT_SECTION_H_
