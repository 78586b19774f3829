#include "common/kv/algorithms/merged_vectors.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/row_pieces.h"

namespace kvwire {
namespace {

constexpr int64_t kNumberBits = 32;

}  // namespace

int64_t MergedVectors::StateBits(int64_t width, int64_t size, int64_t whole) {
  const int64_t merged_numbers = (width + 1) / 2 + LayerMerge::kLengths;
  return SaturatingSum(
      size, SaturatingSum(SaturatingProduct(whole, kNumberBits * width),
                          SaturatingProduct(size - whole, kNumberBits * merged_numbers)));
}

MergedVectors::MergedVectors(const LayerMerge& merge)
    : merge_(merge),
      whole_(merge.width()),
      directions_(merge.direction_width()),
      lengths_(LayerMerge::kLengths) {}

void MergedVectors::Append(absl::Span<const float> vector, bool whole) {
  flags_.Put(whole ? 1 : 0, 1);
  if (whole) {
    whole_.Append(vector);
    return;
  }
  std::vector<float> direction(static_cast<size_t>(merge_.direction_width()));
  std::vector<float> lengths(LayerMerge::kLengths);
  merge_.Merge(vector, absl::MakeSpan(direction), absl::MakeSpan(lengths));
  directions_.Append(direction);
  lengths_.Append(lengths);
}

bool MergedVectors::Cursor::TakeFlag() { return vectors_->flags_.Get(flag_++, 1) != 0; }

void MergedVectors::Cursor::Next(absl::Span<float> vector) {
  if (TakeFlag()) {
    const absl::Span<const float> whole = vectors_->whole_.row(whole_++);
    std::copy(whole.begin(), whole.end(), vector.begin());
  } else {
    LayerMerge::Restore(vectors_->directions_.row(merged_), vectors_->lengths_.row(merged_),
                        vector);
    ++merged_;
  }
}

bool MergedVectors::Cursor::SkipZero() {
  const absl::Span<const float> says =
      TakeFlag() ? vectors_->whole_.row(whole_++) : vectors_->lengths_.row(merged_++);
  return ContentOf(says) == RowContent::kZero;
}

const SlotRows& MergedVectors::RowsOf(Part part) const {
  if (part == kWhole) return whole_;
  return part == kDirections ? directions_ : lengths_;
}

SnapshotSection MergedVectors::SectionOf(Part part, int64_t size, int64_t whole) const {
  const auto rows = [](SectionContent content, int64_t count, int64_t row_bytes) {
    return SnapshotSection{content, 8 * count * row_bytes, 8, row_bytes};
  };
  switch (part) {
    case kFlags:
      return {SectionContent::kIndices, size, 1, 1};
    case kWhole:
      return rows(SectionContent::kRows32, whole, whole_.row_bytes());
    case kDirections:
      return rows(SectionContent::kSums, size - whole, directions_.row_bytes());
    case kLengths:
      break;
  }
  return rows(SectionContent::kNorms, size - whole, lengths_.row_bytes());
}

SnapshotSection MergedVectors::Section(Part part,
                                       const std::vector<bool>& pending_whole) const {
  return SectionOf(part, size() + static_cast<int64_t>(pending_whole.size()),
                   whole() + std::count(pending_whole.begin(), pending_whole.end(), true));
}

absl::Status MergedVectors::Write(Part part, const Pending& pending, ByteSink sink) const {
  if (part == kFlags) {
    PackedBits flags = flags_;
    for (const bool whole : pending.whole) flags.Put(whole ? 1 : 0, 1);
    return flags.Write(sink);
  }
  RowPieces pieces(sink);
  const SlotRows& rows = RowsOf(part);
  for (int64_t row = 0; row < rows.rows(); ++row) pieces.Add(rows.row(row));
  size_t index = 0;
  pending.visit([&](absl::Span<const float> vector) {
    WriteRow(part, vector, pending.whole[index++],
             [&pieces](absl::Span<const float> row) { pieces.Add(row); });
  });
  return pieces.Finish();
}

void MergedVectors::WriteRow(Part part, absl::Span<const float> vector, bool whole,
                             absl::FunctionRef<void(absl::Span<const float>)> row) const {
  if (whole != (part == kWhole)) return;
  if (whole) return row(vector);
  std::vector<float> direction(static_cast<size_t>(merge_.direction_width()));
  std::vector<float> lengths(LayerMerge::kLengths);
  merge_.Merge(vector, absl::MakeSpan(direction), absl::MakeSpan(lengths));
  row(part == kDirections ? direction : lengths);
}

absl::Status MergedVectors::Begin(Part part, const SnapshotSection& section,
                                  absl::FunctionRef<int64_t(int64_t)> whole_due) {
  if (part == kFlags) {
    whole_due_ = whole_due(section.bits);
    return flag_section_.Begin(section, SectionContent::kIndices);
  }
  const SnapshotSection due = SectionOf(part, size(), whole_due_);
  row_section_ = RowSection();
  KVWIRE_RETURN_IF_ERROR(row_section_.Begin(section, due.content, RowsOf(part).row_bytes()));
  if (section.bits == due.bits) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("a section of ", section.bits, " bits where ", due.bits, " are due"));
}

absl::Status MergedVectors::Take(Part part, std::string_view piece) {
  switch (part) {
    case kFlags:
      return flag_section_.Append(piece, flags_);
    case kWhole:
      return row_section_.Append(
          piece, [this](std::string_view bytes) { return whole_.AppendParsed(bytes); });
    case kDirections:
      return row_section_.Append(
          piece, [this](std::string_view bytes) { return directions_.AppendParsed(bytes); });
    case kLengths:
      break;
  }
  return row_section_.Append(piece, [this](std::string_view bytes) {
    KVWIRE_RETURN_IF_ERROR(lengths_.AppendParsed(bytes));
    const int64_t last = lengths_.rows() - 1;
    return merge_.CheckMerged(directions_.row(last), lengths_.row(last));
  });
}

absl::Status MergedVectors::End(Part part) {
  if (part != kFlags) return row_section_.End();
  KVWIRE_RETURN_IF_ERROR(flag_section_.End(flags_));
  int64_t whole = 0;
  for (int64_t i = 0; i < size(); ++i) whole += static_cast<int64_t>(flags_.Get(i, 1));
  if (whole == whole_due_) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(whole, " of ", size(), " vectors are whole, where ",
                                          whole_due_, " must be"));
}

}  // namespace kvwire
