#include "common/kv/algorithms/qjl_key_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/ordered_dot.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/row_norm.h"
#include "common/kv/row_content.h"

namespace kvwire {
namespace {

// Of fields().
enum Field : size_t { kSigns, kLengths, kChannels };

constexpr int kMostSymbolBits = 16;
constexpr int kWordBits = 32;

// Whose signs are taken at once.
constexpr int64_t kRowsAtOnce = 32;

// Rounding a row to binary16 adds less than a thousandth to a length.
constexpr double kSurelyInRange = 65000;

absl::Span<const float> RowOf(const Eigen::Ref<const Matrix>& rows, int64_t row) {
  return {rows.row(row).data(), static_cast<size_t>(rows.cols())};
}

// Writes the signs of a row, and its length. It may change the signs.
void PutRow(double length, absl::Span<uint8_t> signs, absl::Span<PackedBits* const> out) {
  const uint64_t stored = NormToBits(length);
  // What decodes to zero has one spelling.
  if (stored == 0) std::fill(signs.begin(), signs.end(), uint8_t{0});
  out[kSigns]->PutAll(signs, 1);
  out[kLengths]->Put(stored, kNormBits);
}

std::vector<float> TakeSigns(int64_t count, BitReader& in) {
  std::vector<float> signs(static_cast<size_t>(count));
  uint64_t word = 0;
  for (size_t i = 0; i < signs.size(); ++i) {
    if (i % kWordBits == 0) {
      word = in.Take(static_cast<int>(std::min<size_t>(kWordBits, signs.size() - i)));
    }
    signs[i] = (word >> i % kWordBits & 1) != 0 ? 1.0F : -1.0F;
  }
  return signs;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RowCodec>> QjlKeyCodec::Create(Layout layout, uint64_t seed) {
  layout.outliers = std::min(layout.outliers, layout.width - 1);
  const int64_t rows =
      layout.outliers > 0 ? std::max(layout.signs, layout.outlier_signs) : layout.signs;
  KVWIRE_ASSIGN_OR_RETURN(std::unique_ptr<const SignSketch> sketch,
                          SignSketch::Create(layout.orthogonal, seed, rows, layout.width));
  return std::unique_ptr<RowCodec>(new QjlKeyCodec(layout, std::move(sketch)));
}

QjlKeyCodec::QjlKeyCodec(const Layout& layout, std::unique_ptr<const SignSketch> sketch)
    : layout_(layout),
      sketch_(std::move(sketch)),
      channel_bits_(std::bit_width(static_cast<uint64_t>(layout.width - 1))) {}

std::vector<CodeField> QjlKeyCodec::fields() const {
  const int64_t parts = layout_.outliers > 0 ? 2 : 1;
  const int64_t signs = layout_.signs + (parts == 2 ? layout_.outlier_signs : 0);
  std::vector<CodeField> fields = {
      {SectionContent::kCodes, layout_.buffer * signs, 1, signs},
      {SectionContent::kNorms, layout_.buffer * parts * kNormBits, kNormBits, parts}};
  if (parts == 2) {
    const bool symbols = channel_bits_ <= kMostSymbolBits;
    const int64_t group_bits = layout_.outliers * channel_bits_;
    fields.push_back({SectionContent::kIndices, layout_.buffer / layout_.group * group_bits,
                      symbols ? channel_bits_ : 1, symbols ? layout_.outliers : group_bits});
  }
  return fields;
}

absl::Status QjlKeyCodec::CheckRow(absl::Span<const float> row) const {
  if (layout_.buffer == 1) return CheckNorm(row);
  // A length is at most sqrt(w) times the largest number.
  const double most = kSurelyInRange / std::sqrt(static_cast<double>(row.size()));
  if (AllSmaller(row, static_cast<float>(most))) return absl::OkStatus();
  std::vector<float> rounded;  // as it will wait
  for (const float number : row) {
    rounded.push_back(static_cast<float>(Eigen::half(number)));
  }
  return CheckNorm(rounded);
}

std::vector<int64_t> QjlKeyCodec::FindOutliers(const Eigen::Ref<const Matrix>& rows) const {
  std::vector<double> squares(static_cast<size_t>(rows.cols()));
  for (int64_t i = 0; i < rows.rows(); ++i) {
    for (int64_t j = 0; j < rows.cols(); ++j) squares[j] += double{rows(i, j)} * rows(i, j);
  }
  std::vector<int64_t> channels(squares.size());
  std::iota(channels.begin(), channels.end(), 0);
  const auto end = channels.begin() + layout_.outliers;
  std::partial_sort(channels.begin(), end, channels.end(), [&](int64_t a, int64_t b) {
    return squares[a] > squares[b] || (squares[a] == squares[b] && a < b);
  });
  channels.erase(end, channels.end());
  std::sort(channels.begin(), channels.end());
  return channels;
}

void QjlKeyCodec::EncodeParts(absl::Span<const Part> parts,
                              absl::Span<PackedBits* const> out) const {
  const int64_t rows = parts.front().rows.rows();
  std::vector<std::vector<uint8_t>> signs(parts.size());
  std::vector<std::vector<double>> lengths(parts.size());
  for (int64_t first = 0; first < rows; first += kRowsAtOnce) {
    const int64_t count = std::min(kRowsAtOnce, rows - first);
    for (size_t part = 0; part < parts.size(); ++part) {
      signs[part].resize(static_cast<size_t>(count * parts[part].signs));
      lengths[part].clear();
      for (int64_t i = first; i < first + count; ++i) {
        lengths[part].push_back(OrderedNorm(RowOf(parts[part].rows, i)));
      }
      sketch_->TakeAllSigns(parts[part].rows.middleRows(first, count), lengths[part],
                            parts[part].channels, parts[part].signs,
                            absl::MakeSpan(signs[part]));
    }
    for (int64_t i = 0; i < count; ++i) {
      for (size_t part = 0; part < parts.size(); ++part) {
        const auto width = static_cast<size_t>(parts[part].signs);
        PutRow(lengths[part][static_cast<size_t>(i)],
               absl::MakeSpan(signs[part]).subspan(static_cast<size_t>(i) * width, width),
               out);
      }
    }
  }
}

void QjlKeyCodec::Encode(const Matrix& rows, absl::Span<PackedBits* const> out) const {
  std::vector<int64_t> all(static_cast<size_t>(layout_.width));
  std::iota(all.begin(), all.end(), 0);
  if (layout_.outliers == 0) return EncodeParts({{rows, all, layout_.signs}}, out);
  for (int64_t first = 0; first < rows.rows(); first += layout_.group) {
    Matrix inliers = rows.middleRows(first, layout_.group);
    Matrix outliers = Matrix::Zero(inliers.rows(), inliers.cols());
    const std::vector<int64_t> channels = FindOutliers(inliers);
    for (const int64_t channel : channels) {
      outliers.col(channel).swap(inliers.col(channel));
      out[kChannels]->Put(static_cast<uint64_t>(channel), channel_bits_);
    }
    EncodeParts({{inliers, all, layout_.signs}, {outliers, channels, layout_.outlier_signs}},
                out);
  }
}

absl::Status QjlKeyCodec::CheckField(size_t field, const PackedBits& bits) const {
  if (field == kLengths) return CheckLengths(bits);
  if (field != kChannels) return absl::OkStatus();
  BitReader in(bits, 0);
  for (int64_t set = 0; set < bits.bits() / (layout_.outliers * channel_bits_); ++set) {
    int64_t before = -1;
    for (int64_t i = 0; i < layout_.outliers; ++i) {
      const auto channel = static_cast<int64_t>(in.Take(channel_bits_));
      if (channel <= before || channel >= layout_.width) {
        return absl::DataLossError(absl::StrCat("outlier channel ", channel, " of ",
                                                layout_.width, " after ", before));
      }
      before = channel;
    }
  }
  return absl::OkStatus();
}

void QjlKeyCodec::DecodePart(int64_t signs, absl::Span<BitReader> in,
                             absl::Span<float> part) const {
  sketch_->Decode(TakeSigns(signs, in[kSigns]), part);
  const auto length = static_cast<float>(NormFromBits(in[kLengths].Take(kNormBits)));
  for (float& number : part) number *= length;
}

void QjlKeyCodec::Decode(absl::Span<BitReader> in, Eigen::Ref<Matrix> rows) const {
  std::vector<int64_t> channels(static_cast<size_t>(layout_.outliers));
  std::vector<float> outliers(static_cast<size_t>(layout_.width));
  for (int64_t i = 0; i < rows.rows(); ++i) {
    const absl::Span<float> row(rows.row(i).data(), outliers.size());
    DecodePart(layout_.signs, in, row);
    if (channels.empty()) continue;
    if (i % layout_.group == 0) {
      for (int64_t& channel : channels) {
        channel = static_cast<int64_t>(in[kChannels].Take(channel_bits_));
      }
    }
    DecodePart(layout_.outlier_signs, in, absl::MakeSpan(outliers));
    for (const int64_t channel : channels) row[channel] = outliers[channel];
  }
}

}  // namespace kvwire
