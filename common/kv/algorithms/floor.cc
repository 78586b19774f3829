// Sections: the messages of the blocks that are whole, one after the other; the bits of the
// rows since then, as they are.

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/floor_blocks.h"
#include "common/kv/algorithms/scrambled_bits.h"
#include "common/kv/algorithms/section_sequence.h"
#include "common/kv/bits_section.h"
#include "common/kv/frame_bits_cache.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

// As bitplane, but each block of bits, once it is whole, is replaced by a message from which
// its bits are read back with a given probability of error, the same for all: a lossy source
// code near the rate-distortion function. With error=0 nothing is replaced.
class FloorCache : public FrameBitsCache {
 public:
  FloorCache(const CacheSetup& setup, FloorBlocks blocks)
      : FrameBitsCache(setup), seed_(setup.seed), blocks_(std::move(blocks)) {}

  std::vector<SnapshotSection> Sections() const override {
    return {{SectionContent::kCodes, messages_.bits(), 1, 1},
            {SectionContent::kCodes, open_.bits(), 1, dims()}};
  }
  absl::Status WriteSection(size_t index, ByteSink sink) const override {
    return (index == 0 ? messages_ : open_).Write(sink);
  }

  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override {
    return section_.Append(piece, restoring_.current() == 0 ? messages_ : open_);
  }
  absl::Status EndRestore() override {
    return restoring_.Finish([this](size_t index) { return EndSection(index); });
  }

 private:
  int64_t rows() const override { return (whole_bits_ + open_.bits()) / dims(); }
  void TakeRow(absl::Span<const uint8_t> bits) override;
  void VisitBits(BitsVisitor visitor) const override;

  // The bits that the next block has when it is whole; those of the frame if none will be.
  int64_t NextBlockBits() const {
    return whole_ < blocks_.count() ? blocks_.bits(whole_)
                                    : frame_rows() * dims() - whole_bits_;
  }
  absl::Status BeginMessages(const SnapshotSection& section);
  absl::Status BeginOpen(int64_t tokens, const SnapshotSection& section);
  absl::Status EndSection(size_t index) {
    return section_.End(index == 0 ? messages_ : open_);
  }

  uint64_t seed_;
  FloorBlocks blocks_;
  int64_t whole_ = 0;       // blocks
  int64_t whole_bits_ = 0;  // of rows in them
  PackedBits messages_;
  PackedBits open_;

  SectionSequence restoring_{2};
  BitsSection section_;
};

void FloorCache::TakeRow(absl::Span<const uint8_t> bits) {
  open_.PutAll(bits, 1);
  if (whole_ == blocks_.count() || open_.bits() < blocks_.bits(whole_)) return;
  const BitVector word = ScrambledBits(seed_, whole_).Scramble(open_);
  AppendBits(blocks_.code(whole_).Encode(word), messages_);
  whole_bits_ += open_.bits();
  open_ = PackedBits();
  ++whole_;
}

void FloorCache::VisitBits(BitsVisitor visitor) const {
  int64_t first = 0;
  for (int64_t block = 0; block < whole_; ++block) {
    const int64_t bits = blocks_.message_bits(block);
    BitVector word = blocks_.code(block).Decode(CopyBits(messages_, first, bits));
    visitor(ScrambledBits(seed_, block).Unscramble(std::move(word)));
    first += bits;
  }
  if (open_.bits() > 0) visitor(open_);
}

absl::Status FloorCache::BeginSection(int64_t tokens, SnapshotSection section) {
  return restoring_.Next([this](size_t index) { return EndSection(index); },
                         [&](size_t index) {
                           return index == 0 ? BeginMessages(section)
                                             : BeginOpen(tokens, section);
                         });
}

absl::Status FloorCache::BeginMessages(const SnapshotSection& section) {
  KVWIRE_RETURN_IF_ERROR(section_.Begin(section, SectionContent::kCodes));
  int64_t bits = 0;
  while (whole_ < blocks_.count() && bits < section.bits) {
    bits += blocks_.message_bits(whole_);
    whole_bits_ += blocks_.bits(whole_);
    ++whole_;
  }
  if (bits == section.bits) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(section.bits, " bits are not the messages of whole blocks"));
}

absl::Status FloorCache::BeginOpen(int64_t tokens, const SnapshotSection& section) {
  KVWIRE_RETURN_IF_ERROR(section_.Begin(section, SectionContent::kCodes));
  const bool ends = whole_ == blocks_.count();
  const int64_t most_bits = ends ? NextBlockBits() : NextBlockBits() - dims();
  const int64_t rows = (whole_bits_ + section.bits) / dims();
  if (section.bits > most_bits || section.bits % dims() != 0 || rows > tokens) {
    return absl::DataLossError(absl::StrCat(section.bits, " bits after ", whole_,
                                            " whole blocks are no rows of ", tokens,
                                            " tokens before the next one is whole"));
  }
  set_tokens(tokens);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const FloorOptions options, FloorOptions::FromSpec(setup.spec));
  KVWIRE_RETURN_IF_ERROR(FrameBitsCache::CheckSetup(setup, 0));
  KVWIRE_RETURN_IF_ERROR(
      FrameBitsCache::CheckSetup(setup, FloorBlocks::WorkBytes(setup, options)));
  KVWIRE_ASSIGN_OR_RETURN(FloorBlocks blocks, FloorBlocks::Create(setup, options));
  return std::make_unique<FloorCache>(setup, std::move(blocks));
}

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return FloorOptions::FromSpec(spec).status();
}

constexpr AlgorithmOption kOptions[] = {
    {"error", "0.11", "probability that a bit comes out wrong, 0 to 0.49"},
    {"bits", "0", "of the message instead, for the whole frame; 0: what error takes"},
    {"paths", "8", "choices that the encoder weighs at once: fewer bits, more time"},
};

}  // namespace

KvAlgorithm DescribeFloor() {
  return {.name = "floor",
          .code = 28,
          .summary = "bitplane through a lossy code: fewer bits, each as likely to be wrong",
          .reference = "meets the floor; Korada, Urbanke 2010 (polar codes as quantisers)",
          .state_bits =
              "n d in the block that fills; a whole block of M bits: K, found by "
              "public trial, a few percent over M (1 - H_b(error))",
          .options = kOptions,
          .keys_by_place = true,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
