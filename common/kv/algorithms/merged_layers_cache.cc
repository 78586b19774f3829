#include "common/kv/algorithms/merged_layers_cache.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/matrix.h"
#include "common/kv/row_ranking.h"

namespace kvwire {

absl::Status MergedLayersCache::CheckMemoryOf(int64_t closed, int64_t open) const {
  const int64_t half = MergedVectors::StateBits(width(), closed, options_.WholeOf(closed));
  return CheckMemory(SaturatingSum(WholeBytes(SaturatingProduct(2, half)), PeakBytes(open)),
                     setup().memory_limit_bytes);
}

absl::Status MergedLayersCache::CheckStored(const TokenBlock& block,
                                            absl::Span<const int64_t> stored) const {
  std::vector<float> token(2 * static_cast<size_t>(width()));
  for (const int64_t i : stored) {
    LoadRow<float>(block, i, width(), absl::MakeSpan(token));
    const absl::Status status = CheckRow(Half(token, 0), Half(token, 1));
    if (status.ok()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("token ", tokens_ + i, ": ", std::string(status.message())));
  }
  return absl::OkStatus();
}

absl::Status MergedLayersCache::Append(const TokenBlock& block) {
  KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup(), tokens_));
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<int64_t> stored,
                          StoredRows<float>(block, width(), tokens_));
  KVWIRE_RETURN_IF_ERROR(CheckStored(block, stored));
  const int64_t closed = scale_closed_ ? rows() : merged_rows();
  KVWIRE_RETURN_IF_ERROR(
      CheckMemoryOf(closed, rows() - closed + static_cast<int64_t>(stored.size())));

  if (scale_closed_) CloseScale();
  closing_.reset();
  // All of them: they are finite, and not zero.
  const auto write = [&](int64_t first, float* keys, float* values,
                         absl::Span<RowContent> contents) {
    for (RowContent& content : contents) {
      const int64_t row = stored[static_cast<size_t>(first++)];
      content = LoadRow(block, row, width(), keys, values);
      keys += width();
      values += width();
    }
  };
  open_.AppendWritten(static_cast<int64_t>(stored.size()), write);
  tokens_ += block.rows;
  scale_closed_ = block.closes_scale;
  return absl::OkStatus();
}

void MergedLayersCache::VisitOpen(
    absl::FunctionRef<void(absl::Span<const float>)> visitor) const {
  std::vector<float> token(2 * static_cast<size_t>(width()));
  open_.VisitBlocks([&](const KeyValueBlock& block) {
    for (int64_t row = 0; row < block.keys.rows(); ++row) {
      std::copy_n(block.keys.data() + row * width(), width(), token.begin());
      std::copy_n(block.values.data() + row * width(), width(), token.begin() + width());
      visitor(token);
    }
  });
}

const MergedLayersCache::Decision& MergedLayersCache::Closing() const {
  const std::lock_guard lock(mutex_);
  if (!closing_.has_value()) closing_ = Decide();
  return *closing_;
}

MergedLayersCache::Decision MergedLayersCache::Decide() const {
  std::array<std::vector<double>, kHalves> angles;
  VisitOpen([&](absl::Span<const float> token) {
    for (size_t half = 0; half < kHalves; ++half) {
      angles[half].push_back(merge_.Angle(Half(token, half)));
    }
  });
  const int64_t whole = options_.WholeOf(rows()) - options_.WholeOf(merged_rows());
  Decision decision;
  for (size_t half = 0; half < kHalves; ++half) {
    decision[half].resize(angles[half].size());
    for (const int64_t row : LargestScores(angles[half], whole)) {
      decision[half][static_cast<size_t>(row)] = true;
    }
  }
  return decision;
}

void MergedLayersCache::CloseScale() {
  const Decision decision = Closing();
  Matrix key(1, width());
  Matrix value(1, width());
  // A token's memory is given back as it is merged.
  for (size_t row = 0; open_.rows() > 0; ++row) {
    open_.CopyRows(0, key, value);
    halves_[0].Append({key.data(), static_cast<size_t>(width())}, decision[0][row]);
    halves_[1].Append({value.data(), static_cast<size_t>(width())}, decision[1][row]);
    open_.DropFront(1);
  }
  open_ = TokenRows<float>(width());
}

void MergedLayersCache::VisitRows(BlockVisitor visitor) const {
  constexpr int64_t kBlockBytes = int64_t{1} << 19;
  const int64_t block_rows =
      std::clamp(kBlockBytes / TokenRows<float>::RowBytes(width()), int64_t{1}, int64_t{1024});
  MergedVectors::Cursor keys_from(halves_[0]);
  MergedVectors::Cursor values_from(halves_[1]);
  Matrix keys;
  Matrix values;
  for (int64_t first = 0; first < merged_rows(); first += block_rows) {
    const int64_t count = std::min(block_rows, merged_rows() - first);
    keys.resize(count, width());
    values.resize(count, width());
    for (int64_t row = 0; row < count; ++row) {
      keys_from.Next({keys.row(row).data(), static_cast<size_t>(width())});
      values_from.Next({values.row(row).data(), static_cast<size_t>(width())});
    }
    visitor(
        {MatrixView(keys.data(), count, width()), MatrixView(values.data(), count, width())});
  }
  open_.VisitBlocks(visitor);
}

std::vector<SnapshotSection> MergedLayersCache::Sections() const {
  const Decision& decision = Closing();
  std::vector<SnapshotSection> sections;
  for (size_t i = 0; i < kHalves * MergedVectors::kParts; ++i) {
    sections.push_back(halves_[HalfOf(i)].Section(PartOf(i), decision[HalfOf(i)]));
  }
  return sections;
}

absl::Status MergedLayersCache::WriteSection(size_t index, ByteSink sink) const {
  const size_t half = HalfOf(index);
  const auto visit = [&](absl::FunctionRef<void(absl::Span<const float>)> visitor) {
    VisitOpen([&](absl::Span<const float> token) { visitor(Half(token, half)); });
  };
  return halves_[half].Write(PartOf(index), {Closing()[half], visit}, sink);
}

absl::Status MergedLayersCache::BeginSection(int64_t tokens, SnapshotSection section) {
  tokens_ = tokens;
  return sequence_.Next(
      [this](size_t index) { return halves_[HalfOf(index)].End(PartOf(index)); },
      [&](size_t index) {
        const size_t half = HalfOf(index);
        const MergedVectors::Part part = PartOf(index);
        if (part == MergedVectors::kFlags) {
          const int64_t most = half == 0 ? tokens : merged_rows();
          if (section.bits > most || (half == 1 && section.bits < most)) {
            return absl::DataLossError(absl::StrCat("flags of ", section.bits,
                                                    " vectors where ", most, " are ",
                                                    half == 0 ? "the most" : "due"));
          }
          KVWIRE_RETURN_IF_ERROR(CheckMemoryOf(section.bits, 0));
        }
        return halves_[half].Begin(part, section,
                                   [this](int64_t n) { return options_.WholeOf(n); });
      });
}

absl::Status MergedLayersCache::EndRestore() {
  // Of the empty state, whose sections a wrapper may have asked for.
  closing_.reset();
  KVWIRE_RETURN_IF_ERROR(sequence_.Finish(
      [this](size_t index) { return halves_[HalfOf(index)].End(PartOf(index)); }));
  MergedVectors::Cursor keys(halves_[0]);
  MergedVectors::Cursor values(halves_[1]);
  for (int64_t row = 0; row < merged_rows(); ++row) {
    const bool zero_key = keys.SkipZero();
    if (!values.SkipZero() || !zero_key) continue;
    return absl::DataLossError(absl::StrCat("row ", row, " is a zero token"));
  }
  return absl::OkStatus();
}

}  // namespace kvwire
