#ifndef KVWIRE_COMMON_KV_ALGORITHMS_FLOOR_BLOCKS_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_FLOOR_BLOCKS_H_

// How the bits of a frame are cut into blocks that a lossy code takes, and the codes: all of
// it follows from the public setup. Blocks are of whole rows, as few as there can be, and
// their lengths differ by one row at most.

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/coding/bit_quantiser.h"
#include "common/kv/kv_cache.h"

namespace kvwire {

struct FloorOptions {
  double error = 0;
  int64_t message_bits = 0;  // of the whole frame; 0: as many as the error takes
  int paths = 8;

  // From the options error, bits and paths. Returns INVALID_ARGUMENT.
  static absl::StatusOr<FloorOptions> FromSpec(const AlgorithmSpec& spec);
};

class FloorBlocks {
 public:
  // The most bits of a block.
  static constexpr int64_t kMostBits = int64_t{1} << 23;

  // Memory that the codes take while they are made and used, for the frame of a setup.
  static int64_t WorkBytes(const CacheSetup& setup, const FloorOptions& options);

  // Returns INVALID_ARGUMENT if fewer message bits are asked for than there are blocks.
  static absl::StatusOr<FloorBlocks> Create(const CacheSetup& setup,
                                            const FloorOptions& options);

  // None if nothing may be lost.
  int64_t count() const { return static_cast<int64_t>(code_of_.size()); }
  int64_t bits(int64_t block) const { return code(block).length(); }
  int64_t message_bits(int64_t block) const { return code(block).information_bits(); }
  const BitQuantiser& code(int64_t block) const {
    return codes_[code_of_[static_cast<size_t>(block)]];
  }
  BitQuantiser& code(int64_t block) { return codes_[code_of_[static_cast<size_t>(block)]]; }

 private:
  std::vector<BitQuantiser> codes_;  // one a length
  std::vector<size_t> code_of_;      // of each block
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_FLOOR_BLOCKS_H_
