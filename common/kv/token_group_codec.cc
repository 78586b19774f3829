#include "common/kv/token_group_codec.h"

#include <algorithm>

#include "common/kv/min_max_grid.h"

namespace kvwire {

std::vector<CodeField> TokenGroupCodec::fields() const {
  const int64_t groups = (layout_.width + layout_.group - 1) / layout_.group;
  return {{SectionContent::kCodes, layout_.group_rows * layout_.width * layout_.code_bits,
           layout_.code_bits, layout_.width},
          {SectionContent::kScales, layout_.group_rows * groups * MinMaxGrid::kStoredBits,
           MinMaxGrid::kStoredBits / 2, 2 * groups}};
}

void TokenGroupCodec::Encode(const Matrix& rows, absl::Span<PackedBits* const> out) const {
  for (int64_t i = 0; i < rows.rows(); ++i) {
    for (int64_t first = 0; first < layout_.width; first += layout_.group) {
      const float* begin = &rows(i, first);
      const float* end = begin + std::min(layout_.group, layout_.width - first);
      const auto [low, high] = std::minmax_element(begin, end);
      const MinMaxGrid grid = MinMaxGrid::Cover(*low, *high, layout_.code_bits);
      for (const float* number = begin; number < end; ++number) {
        out[0]->Put(grid.Code(*number), layout_.code_bits);
      }
      out[1]->Put(grid.stored(), MinMaxGrid::kStoredBits);
    }
  }
}

void TokenGroupCodec::Decode(absl::Span<BitReader> in, Eigen::Ref<Matrix> rows) const {
  for (int64_t i = 0; i < rows.rows(); ++i) {
    for (int64_t first = 0; first < layout_.width; first += layout_.group) {
      const int64_t end = std::min(first + layout_.group, layout_.width);
      const auto grid =
          MinMaxGrid::OfStored(in[1].Take(MinMaxGrid::kStoredBits), layout_.code_bits);
      for (int64_t j = first; j < end; ++j) {
        rows(i, j) = grid.Value(static_cast<uint32_t>(in[0].Take(layout_.code_bits)));
      }
    }
  }
}

}  // namespace kvwire
