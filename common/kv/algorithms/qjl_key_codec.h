#ifndef KVWIRE_COMMON_KV_ALGORITHMS_QJL_KEY_CODEC_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_QJL_KEY_CODEC_H_

// The keys of QJL: a SignSketch of each, and one of its outlier channels apart. In a group
// of tokens those are the channels with the largest norm over the group, the lower channel
// first of equal ones. What is left of a key and its outliers have a sketch and a length
// each, and what they decode to is zero in the other's channels, as in the authors' code.
// (That stores the length of the whole key, and takes the root of a difference that
// rounding can make negative; here it is the length of what is left, in as many bits.)

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/kv/algorithms/sign_sketch.h"
#include "common/kv/row_codec.h"

namespace kvwire {

class QjlKeyCodec : public RowCodec {
 public:
  struct Layout {
    int64_t width = 0;          // w, of a row
    int64_t signs = 0;          // m
    int64_t outlier_signs = 0;  // m_out
    int64_t outliers = 0;       // no more than w - 1 are taken
    int64_t group = 0;          // tokens that share outliers; divides `buffer`
    int64_t buffer = 0;         // tokens that are coded together
    bool orthogonal = true;     // rows of the sketch
  };

  // Errors as SignSketch::Create. Both sketches take the first of max(m, m_out) rows.
  static absl::StatusOr<std::unique_ptr<RowCodec>> Create(Layout layout, uint64_t seed);

  int64_t group_rows() const override { return layout_.buffer; }

  // Of a buffer: m signs a token and m_out behind them; the one or two lengths; and where
  // there are outliers, their channels, ascending, ceil(log2 w) bits each.
  std::vector<CodeField> fields() const override;

  // INVALID_ARGUMENT on a key whose length binary16 cannot hold.
  absl::Status CheckRow(absl::Span<const float> row) const override;

  void Encode(const Matrix& rows, absl::Span<PackedBits* const> out) const override;
  absl::Status CheckField(size_t field, const PackedBits& bits) const override;
  void Decode(absl::Span<BitReader> in, Eigen::Ref<Matrix> rows) const override;

 private:
  QjlKeyCodec(const Layout& layout, std::unique_ptr<const SignSketch> sketch);

  // The outlier channels of a group of rows [group, w], ascending.
  std::vector<int64_t> FindOutliers(const Eigen::Ref<const Matrix>& rows) const;
  // What is sketched of keys: their numbers in `channels`, others being 0, by `signs` rows.
  struct Part {
    const Matrix& rows;
    absl::Span<const int64_t> channels;
    int64_t signs;
  };
  // Of the same keys, whose parts lie one behind the other.
  void EncodeParts(absl::Span<const Part> parts, absl::Span<PackedBits* const> out) const;
  void DecodePart(int64_t signs, absl::Span<BitReader> in, absl::Span<float> part) const;

  Layout layout_;
  std::unique_ptr<const SignSketch> sketch_;
  int channel_bits_;  // ceil(log2 w)
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_QJL_KEY_CODEC_H_
