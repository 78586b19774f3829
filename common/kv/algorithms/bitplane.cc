#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/bits_section.h"
#include "common/kv/frame_bits_cache.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

// The encoding that meets the floor of L d bits: every bit as it is.
class BitplaneCache : public FrameBitsCache {
 public:
  explicit BitplaneCache(const CacheSetup& setup) : FrameBitsCache(setup) {}

  std::vector<SnapshotSection> Sections() const override {
    return {{SectionContent::kCodes, plane_.bits(), 1, dims()}};
  }

  absl::Status WriteSection(size_t, ByteSink sink) const override {
    return plane_.Write(sink);
  }

  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override {
    return section_.Append(piece, plane_);
  }
  absl::Status EndRestore() override {
    if (!begun_) return absl::DataLossError("the section of bits is missing");
    return section_.End(plane_);
  }

 private:
  int64_t rows() const override { return plane_.bits() / dims(); }
  void TakeRow(absl::Span<const uint8_t> bits) override { plane_.PutAll(bits, 1); }
  void VisitBits(BitsVisitor visitor) const override { visitor(plane_); }

  PackedBits plane_;
  BitsSection section_;
  bool begun_ = false;
};

absl::Status BitplaneCache::BeginSection(int64_t tokens, SnapshotSection section) {
  if (begun_) return absl::DataLossError("a second section where one is due");
  begun_ = true;
  KVWIRE_RETURN_IF_ERROR(section_.Begin(section, SectionContent::kCodes));
  const int64_t most_bits = std::min(tokens, frame_rows()) * dims();
  if (section.bits > most_bits || section.bits % dims() != 0) {
    return absl::DataLossError(absl::StrCat("a section of ", section.bits,
                                            " bits does not hold whole rows of ", dims(),
                                            " bits, at most ", most_bits / dims()));
  }
  set_tokens(tokens);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_RETURN_IF_ERROR(FrameBitsCache::CheckSetup(setup, 0));
  return std::make_unique<BitplaneCache>(setup);
}

}  // namespace

KvAlgorithm DescribeBitplane() {
  return {.name = "bitplane",
          .code = 3,
          .summary = "values at 1 bit, keys regenerated from the public frame",
          .reference = "baseline: meets the floor of L d bits",
          .state_bits = "n d",
          .keys_by_place = true,
          .keeps_every_bit = true,
          .create = Create};
}

}  // namespace kvwire
