#include "common/kv/algorithms/floor_blocks.h"

#include <algorithm>
#include <bit>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/binary_entropy.h"
#include "common/base/status_macros.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

constexpr double kMostError = 0.49;

int64_t FrameBits(const CacheSetup& setup) { return setup.frame->rows() * setup.dims; }

int64_t BlockCount(const CacheSetup& setup) {
  // Whole rows: a block of them must not be over the most bits by less than a row.
  const int64_t most_rows = FloorBlocks::kMostBits / setup.dims;
  return (setup.frame->rows() + most_rows - 1) / most_rows;
}

// How many message bits blocks of a length take at an error rate: a fact that takes some
// trials to find, so it is remembered for the next cache of the same setup.
class FoundSizes {
 public:
  using Key = std::tuple<int64_t, double, int>;  // bits, error, paths

  std::optional<int64_t> Find(const Key& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = sizes_.find(key);
    return found == sizes_.end() ? std::nullopt : std::optional(found->second);
  }
  void Insert(const Key& key, int64_t message_bits) {
    constexpr size_t kMost = 4096;
    const std::lock_guard lock(mutex_);
    if (sizes_.size() >= kMost) sizes_.clear();
    sizes_.emplace(key, message_bits);
  }

 private:
  mutable std::mutex mutex_;
  std::map<Key, int64_t> sizes_;
};

FoundSizes& Sizes() {
  static FoundSizes* const sizes = new FoundSizes;
  return *sizes;
}

// A code of as many message bits as the error takes. A message tells that its block is
// whole, so it has a bit at least.
absl::StatusOr<BitQuantiser> CodeOfError(int64_t bits, const FloorOptions& options) {
  const FoundSizes::Key key{bits, options.error, options.paths};
  if (const std::optional<int64_t> found = Sizes().Find(key)) {
    return BitQuantiser::Create(bits, options.error, options.paths, *found);
  }
  KVWIRE_ASSIGN_OR_RETURN(BitQuantiser code,
                          BitQuantiser::Create(bits, options.error, options.paths));
  Sizes().Insert(key, std::max<int64_t>(1, code.information_bits()));
  if (code.information_bits() > 0) return code;
  return BitQuantiser::Create(bits, options.error, options.paths, 1);
}

absl::StatusOr<BitQuantiser> CodeOf(int64_t bits, int64_t message_bits,
                                    const FloorOptions& options) {
  if (message_bits > 0) {
    const int64_t most = std::min(message_bits, bits);
    const double rate = static_cast<double>(most) / static_cast<double>(bits);
    return BitQuantiser::Create(bits, DistortionAtRate(rate), options.paths, most);
  }
  return CodeOfError(bits, options);
}

}  // namespace

absl::StatusOr<FloorOptions> FloorOptions::FromSpec(const AlgorithmSpec& spec) {
  FloorOptions options;
  KVWIRE_ASSIGN_OR_RETURN(options.error, spec.RealOption("error", 0.11, 0, kMostError));
  KVWIRE_ASSIGN_OR_RETURN(options.message_bits,
                          spec.IntOption("bits", 0, 0, int64_t{1} << 50));
  KVWIRE_ASSIGN_OR_RETURN(const int64_t paths, spec.IntOption("paths", 8, 1, kMostPolarPaths));
  options.paths = static_cast<int>(paths);
  if (options.message_bits == 0 || !spec.options().contains("error")) return options;
  return absl::InvalidArgumentError(
      "algorithm floor: error and bits say the same twice; give one of them");
}

int64_t FloorBlocks::WorkBytes(const CacheSetup& setup, const FloorOptions& options) {
  const int64_t most = std::min(SaturatingProduct(setup.frame->rows(), setup.dims), kMostBits);
  const auto block = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(most)));
  // An encoder's beliefs and words, the design of its code, and some words of the block.
  return SaturatingProduct(block, 6 * options.paths + 10);
}

absl::StatusOr<FloorBlocks> FloorBlocks::Create(const CacheSetup& setup,
                                                const FloorOptions& options) {
  FloorBlocks blocks;
  if (options.error == 0 && options.message_bits == 0) return blocks;
  const int64_t count = BlockCount(setup);
  const int64_t message_bits = options.message_bits / count;
  if (options.message_bits > 0 && message_bits == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("algorithm floor: bits=", options.message_bits, " are fewer than the ",
                     count, " blocks of ", FrameBits(setup), " bits"));
  }
  const int64_t rows = setup.frame->rows();
  for (int64_t block = 0; block < count; ++block) {
    const int64_t block_rows = rows * (block + 1) / count - rows * block / count;
    const int64_t bits = block_rows * setup.dims;
    const auto known =
        std::find_if(blocks.codes_.begin(), blocks.codes_.end(),
                     [bits](const BitQuantiser& code) { return code.length() == bits; });
    blocks.code_of_.push_back(static_cast<size_t>(known - blocks.codes_.begin()));
    if (known != blocks.codes_.end()) continue;
    KVWIRE_ASSIGN_OR_RETURN(BitQuantiser code, CodeOf(bits, message_bits, options));
    blocks.codes_.push_back(std::move(code));
  }
  return blocks;
}

}  // namespace kvwire
