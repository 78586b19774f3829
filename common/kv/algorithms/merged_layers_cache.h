#ifndef KVWIRE_COMMON_KV_ALGORITHMS_MERGED_LAYERS_CACHE_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_MERGED_LAYERS_CACHE_H_

// The cache of MiniCache: the tokens of two layers, merged when their scale closes.

#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/layer_merge.h"
#include "common/kv/algorithms/merged_vectors.h"
#include "common/kv/algorithms/section_sequence.h"
#include "common/kv/row_cache.h"
#include "common/kv/token_rows.h"

namespace kvwire {

struct LayerMergeOptions {
  double t = 0.6;
  int64_t gamma_millionths = 50000;

  // floor(gamma n), exactly.
  int64_t WholeOf(int64_t n) const {
    constexpr int64_t kMillion = 1000000;
    return n / kMillion * gamma_millionths + n % kMillion * gamma_millionths / kMillion;
  }
};

// MiniCache (Liu et al. 2024): neighbouring layers have similar keys and values, so two share
// one direction and keep their lengths, but for the tokens whose layers are furthest apart,
// by angle, which stay whole; keys and values each for themselves. A token here is the
// two layers side by side (layer_merge.h; layer_pair.h feeds and asks them apart).
//
// Where the paper sets a threshold between the smallest and the largest distance of a prompt,
// gamma here is the share of tokens that stay whole, so the state's size follows from n. When
// a scale closes, as many of its tokens stay whole as bring the total to floor(gamma n): the
// ones furthest apart, the older of equals. The angle of the tokens of a closed scale is never
// looked at again.
class MergedLayersCache : public RowCache {
 public:
  MergedLayersCache(const CacheSetup& setup, const LayerMergeOptions& options)
      : RowCache(setup),
        options_(options),
        merge_(width(), options.t),
        halves_{MergedVectors(merge_), MergedVectors(merge_)},
        open_(width()) {}

  // Checks the memory of the frame's tokens, merged.
  absl::Status CheckFrame() const {
    return setup().frame.has_value() ? CheckMemoryOf(setup().frame->rows(), 0)
                                     : absl::OkStatus();
  }

  absl::Status Append(const TokenBlock& block) override;
  void VisitRows(BlockVisitor visitor) const override;
  int64_t ZeroRows() const override { return tokens_ - rows(); }
  int64_t tokens() const override { return tokens_; }

  std::vector<SnapshotSection> Sections() const override;
  absl::Status WriteSection(size_t index, ByteSink sink) const override;

  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override {
    const size_t index = sequence_.current();
    return halves_[HalfOf(index)].Take(PartOf(index), piece);
  }
  absl::Status EndRestore() override;

  absl::Status CheckRow(absl::Span<const float> key,
                        absl::Span<const float> value) const override {
    KVWIRE_RETURN_IF_ERROR(merge_.CheckLengths(key));
    return merge_.CheckLengths(value);
  }
  int64_t PeakBytes(int64_t rows) const override {
    return SaturatingProduct(rows, OpenBytes());
  }

 private:
  static constexpr size_t kHalves = 2;  // keys, values
  // What a token of an open scale takes besides its numbers: its flags, and for the decision
  // two angles and two indices.
  static constexpr int64_t kDecisionBytes = 1 + 2 * 8 + 2 * 8;

  // Which tokens of the open scale stay whole.
  using Decision = std::array<std::vector<bool>, kHalves>;

  static size_t HalfOf(size_t section) { return section / MergedVectors::kParts; }
  static MergedVectors::Part PartOf(size_t section) {
    return static_cast<MergedVectors::Part>(section % MergedVectors::kParts);
  }

  int64_t merged_rows() const { return halves_[0].size(); }
  int64_t rows() const { return merged_rows() + open_.rows(); }

  // A token of an open scale never takes less than it will once the scale is closed.
  int64_t OpenBytes() const {
    const int64_t numbers = std::max(width(), merge_.direction_width() + LayerMerge::kLengths);
    return 2 * numbers * int64_t{sizeof(float)} + kDecisionBytes;
  }
  absl::Status CheckMemoryOf(int64_t closed, int64_t open) const;
  absl::Status CheckStored(const TokenBlock& block, absl::Span<const int64_t> stored) const;

  // Calls the visitor with each token of the open scale: key and value [2 w].
  void VisitOpen(absl::FunctionRef<void(absl::Span<const float>)> visitor) const;
  // The half of such a token.
  absl::Span<const float> Half(absl::Span<const float> token, size_t half) const {
    const auto numbers = static_cast<size_t>(width());
    return token.subspan(half * numbers, numbers);
  }
  // What closing the scale decides, once for each state: every section asks for it.
  const Decision& Closing() const;
  Decision Decide() const;
  void CloseScale();

  LayerMergeOptions options_;
  LayerMerge merge_;
  std::array<MergedVectors, kHalves> halves_;  // of closed scales
  TokenRows<float> open_;                      // since then
  int64_t tokens_ = 0;
  bool scale_closed_ = true;
  SectionSequence sequence_{kHalves * MergedVectors::kParts};

  mutable std::mutex mutex_;
  mutable std::optional<Decision> closing_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_MERGED_LAYERS_CACHE_H_
