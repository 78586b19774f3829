#ifndef KVWIRE_COMMON_KV_TOKEN_GROUP_CODEC_H_
#define KVWIRE_COMMON_KV_TOKEN_GROUP_CODEC_H_

// Quantises each token by itself, in groups of consecutive channels, each on a grid
// between its least and its greatest number: the values of KIVI and of QJL, and SKVQ.

#include <cstdint>
#include <vector>

#include "common/kv/grid_ends.h"
#include "common/kv/row_codec.h"
#include "common/kv/small_float.h"

namespace kvwire {

class TokenGroupCodec : public RowCodec {
 public:
  struct Layout {
    int64_t width = 0;        // w, of a row
    int code_bits = 2;        // b, 1 .. MinMaxGrid::kMaxCodeBits
    int64_t group = 32;       // channels; the last group of a row has what is left
    int64_t group_rows = 1;   // as RowCodec
    int64_t recent_rows = 0;  // as RowCodec
    // Both ends of a group are multiplied by it; numbers outside go to the nearer end.
    double clip = 1;
    SmallFloat ends = SmallFloat::kBinary16;  // the format of the ends
  };

  explicit TokenGroupCodec(const Layout& layout) : layout_(layout), ends_(layout.ends) {}

  int64_t group_rows() const override { return layout_.group_rows; }
  int64_t recent_rows() const override { return layout_.recent_rows; }

  // w b bits of codes a row, channel by channel, and the two ends, 32 or 16 bits, of each
  // of its ceil(w / group) groups.
  std::vector<CodeField> fields() const override;

  // INVALID_ARGUMENT on numbers that are, clipped, over the range of the ends' format.
  absl::Status CheckRow(absl::Span<const float> row) const override;

  void Encode(const Matrix& rows, absl::Span<PackedBits* const> out) const override;
  absl::Status CheckField(size_t field, const PackedBits& bits) const override;
  void Decode(absl::Span<BitReader> in, Eigen::Ref<Matrix> rows) const override;

 private:
  Layout layout_;
  GridEnds ends_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_TOKEN_GROUP_CODEC_H_
