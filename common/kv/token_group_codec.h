#ifndef KVWIRE_COMMON_KV_TOKEN_GROUP_CODEC_H_
#define KVWIRE_COMMON_KV_TOKEN_GROUP_CODEC_H_

// Quantises each token by itself, in groups of consecutive channels, each on its own
// MinMaxGrid: the values of KIVI and of QJL.

#include <cstdint>
#include <vector>

#include "common/kv/row_codec.h"

namespace kvwire {

class TokenGroupCodec : public RowCodec {
 public:
  struct Layout {
    int64_t width = 0;        // w, of a row
    int code_bits = 2;        // b, 1 .. MinMaxGrid::kMaxCodeBits
    int64_t group = 32;       // channels; the last group of a row has what is left
    int64_t group_rows = 1;   // as RowCodec
    int64_t recent_rows = 0;  // as RowCodec
  };

  explicit TokenGroupCodec(const Layout& layout) : layout_(layout) {}

  int64_t group_rows() const override { return layout_.group_rows; }
  int64_t recent_rows() const override { return layout_.recent_rows; }

  // w b bits of codes a row, channel by channel, and 32 bits of ends for each of its
  // ceil(w / group) groups.
  std::vector<CodeField> fields() const override;

  void Encode(const Matrix& rows, absl::Span<PackedBits* const> out) const override;
  void Decode(absl::Span<BitReader> in, Eigen::Ref<Matrix> rows) const override;

 private:
  Layout layout_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_TOKEN_GROUP_CODEC_H_
