#include "common/kv/recent_queries.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr int kFlagBits = 2;

bool IsZero(absl::Span<const float> query) { return ContentOf(query) == RowContent::kZero; }

}  // namespace

void RecentQueries::Append(const TokenBlock& block, absl::Span<const int64_t> stored) {
  const int64_t first = std::max(int64_t{0}, block.rows - capacity_);
  auto next_row = std::lower_bound(stored.begin(), stored.end(), first);
  for (int64_t i = first; i < block.rows; ++i) {
    Entry entry{.query = std::vector<float>(static_cast<size_t>(dims_)), .scale = scale_};
    if (block.queries != nullptr) {
      std::copy_n(block.queries + i * dims_, dims_, entry.query.begin());
      // One spelling of zero.
      if (IsZero(entry.query)) std::fill(entry.query.begin(), entry.query.end(), 0.0F);
    }
    entry.is_row = next_row != stored.end() && *next_row == i;
    if (entry.is_row) ++next_row;
    if (size() == capacity_) entries_.pop_front();
    entries_.push_back(std::move(entry));
  }
}

Matrix RecentQueries::Queries() const {
  Matrix queries(size(), dims_);
  for (int64_t i = 0; i < size(); ++i) {
    const Entry& entry = entries_[static_cast<size_t>(i)];
    std::copy(entry.query.begin(), entry.query.end(), queries.row(i).data());
  }
  return queries;
}

std::vector<RecentQueries::Later> RecentQueries::LaterTokens() const {
  std::vector<Later> later(entries_.size());
  Later after_scale;  // tokens after the scale of entry i
  Later after_entry;  // tokens after entry i
  for (size_t i = entries_.size(); i-- > 0;) {
    const bool closes = i + 1 == entries_.size() || entries_[i + 1].scale != entries_[i].scale;
    if (closes) after_scale = after_entry;
    later[i] = after_scale;
    ++(entries_[i].is_row ? after_entry.rows : after_entry.zeros);
  }
  return later;
}

PackedBits RecentQueries::Flags() const {
  PackedBits flags;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const bool closes = i + 1 == entries_.size() || entries_[i + 1].scale != entries_[i].scale;
    flags.Put(entries_[i].is_row ? 1 : 0, 1);
    flags.Put(closes ? 1 : 0, 1);
  }
  return flags;
}

std::vector<SnapshotSection> RecentQueries::Sections() const {
  return {{SectionContent::kQueries, 8 * size() * RowBytes(), 8, RowBytes()},
          {SectionContent::kIndices, size() * kFlagBits, 1, kFlagBits}};
}

absl::Status RecentQueries::WriteSection(size_t index, ByteSink sink) const {
  if (index == 1) return Flags().Write(sink);
  return WriteRows(size(), RowBytes(), sink, [this](int64_t row, std::string& piece) {
    const Entry& entry = entries_[static_cast<size_t>(row)];
    piece.append(reinterpret_cast<const char*>(entry.query.data()),
                 static_cast<size_t>(RowBytes()));
  });
}

absl::Status RecentQueries::BeginSection(size_t index, SnapshotSection section,
                                         int64_t tokens) {
  restoring_ = index;
  const int64_t expected = std::min(tokens, capacity_);
  int64_t announced = section.bits / kFlagBits;
  if (index == 0) {
    KVWIRE_RETURN_IF_ERROR(
        query_section_.Begin(section, SectionContent::kQueries, RowBytes()));
    announced = query_section_.rows();
  } else {
    KVWIRE_RETURN_IF_ERROR(flag_section_.Begin(section, SectionContent::kIndices));
  }
  if (announced == expected && (index == 0 || section.bits % kFlagBits == 0)) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat("a section of ", section.bits, " bits for the last ",
                                          expected, " of ", tokens, " queries"));
}

absl::Status RecentQueries::RestoreBytes(std::string_view piece) {
  if (restoring_ == 1) return flag_section_.Append(piece, restored_flags_);
  return query_section_.Append(piece, [this](std::string_view bytes) {
    Entry entry{.query = std::vector<float>(static_cast<size_t>(dims_))};
    std::memcpy(entry.query.data(), bytes.data(), bytes.size());
    const RowContent content = ContentOf<float>(entry.query);
    const bool zero = std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
    if (content == RowContent::kNotFinite || zero != (content == RowContent::kZero)) {
      return absl::DataLossError(
          absl::StrCat("query ", size(), " is not finite or a negative zero"));
    }
    entries_.push_back(std::move(entry));
    return absl::OkStatus();
  });
}

absl::Status RecentQueries::EndSection(int64_t tokens, int64_t rows, int64_t zeros) {
  if (restoring_ == 0) return query_section_.End();
  KVWIRE_RETURN_IF_ERROR(flag_section_.End(restored_flags_));
  return TakeFlags(tokens, rows, zeros);
}

absl::Status RecentQueries::TakeFlags(int64_t tokens, int64_t rows, int64_t zeros) {
  int64_t row_count = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].is_row = restored_flags_.Get(kFlagBits * static_cast<int64_t>(i), 1) != 0;
    entries_[i].scale = scale_;
    row_count += entries_[i].is_row;
    scale_ += restored_flags_.Get(kFlagBits * static_cast<int64_t>(i) + 1, 1) != 0;
  }
  restored_flags_ = PackedBits();
  const int64_t zero_count = size() - row_count;
  const bool closed = entries_.empty() || entries_.back().scale != scale_;
  const bool whole_stream = size() == tokens;
  if (closed && row_count <= rows && zero_count <= zeros &&
      (!whole_stream || (row_count == rows && zero_count == zeros))) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat("recent queries of ", row_count, " tokens and ",
                                          zero_count, " zero ones, where ", rows, " and ",
                                          zeros, " are held"));
}

}  // namespace kvwire
