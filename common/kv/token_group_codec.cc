#include "common/kv/token_group_codec.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/kv/grid_codes.h"

namespace kvwire {

std::vector<CodeField> TokenGroupCodec::fields() const {
  const int64_t groups = (layout_.width + layout_.group - 1) / layout_.group;
  return {{SectionContent::kCodes, layout_.group_rows * layout_.width * layout_.code_bits,
           layout_.code_bits, layout_.width},
          {SectionContent::kScales, layout_.group_rows * groups * ends_.bits(),
           ends_.bits() / 2, 2 * groups}};
}

absl::Status TokenGroupCodec::CheckRow(absl::Span<const float> row) const {
  // What rounds to the largest number of binary16 has been let through before.
  if (layout_.ends == SmallFloat::kBinary16) return absl::OkStatus();
  for (const float number : row) {
    if (std::abs(number * layout_.clip) <= LargestSmallFloat(layout_.ends)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(number, " is, clipped to ", layout_.clip, " of it, over the range of ",
                     LargestSmallFloat(layout_.ends), " of its group's ends"));
  }
  return absl::OkStatus();
}

void TokenGroupCodec::Encode(const Matrix& rows, absl::Span<PackedBits* const> out) const {
  const auto width = static_cast<size_t>(layout_.width);
  std::vector<uint8_t> codes(width);
  RowGrids grids(width);
  for (int64_t i = 0; i < rows.rows(); ++i) {
    const absl::Span<const float> row(&rows(i, 0), width);
    for (int64_t first = 0; first < layout_.width; first += layout_.group) {
      const int64_t count = std::min(layout_.group, layout_.width - first);
      const auto [low, high] = LeastAndGreatest(
          row.subspan(static_cast<size_t>(first), static_cast<size_t>(count)));
      const uint64_t stored = ends_.Cover(static_cast<float>(low * layout_.clip),
                                          static_cast<float>(high * layout_.clip));
      std::fill_n(grids.lows.begin() + first, count, ends_.Low(stored));
      std::fill_n(grids.highs.begin() + first, count, ends_.High(stored));
      out[1]->Put(stored, ends_.bits());
    }
    CodeRow(row, grids, layout_.code_bits, codes.data());
    out[0]->PutAll(codes, layout_.code_bits);
  }
}

absl::Status TokenGroupCodec::CheckField(size_t field, const PackedBits& bits) const {
  return field == 0 ? absl::OkStatus() : ends_.CheckField(bits);
}

void TokenGroupCodec::Decode(absl::Span<BitReader> in, Eigen::Ref<Matrix> rows) const {
  for (int64_t i = 0; i < rows.rows(); ++i) {
    for (int64_t first = 0; first < layout_.width; first += layout_.group) {
      const int64_t end = std::min(first + layout_.group, layout_.width);
      const MinMaxGrid grid = ends_.Grid(in[1].Take(ends_.bits()), layout_.code_bits);
      for (int64_t j = first; j < end; ++j) {
        rows(i, j) = grid.Value(static_cast<uint32_t>(in[0].Take(layout_.code_bits)));
      }
    }
  }
}

}  // namespace kvwire
