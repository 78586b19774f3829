#include "common/kv/evictable_tokens.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/nonzero_rows.h"

namespace kvwire {

template <typename Number>
EvictableTokens<Number>::EvictableTokens(const CacheSetup& setup, const EvictionPolicy& policy)
    : policy_(&policy),
      dims_(setup.dims),
      width_(setup.row_width()),
      memory_limit_bytes_(setup.memory_limit_bytes),
      parts_(PartsOf(policy)),
      rows_(width_),
      recent_(policy.recent_queries(), dims_) {}

template <typename Number>
auto EvictableTokens<Number>::PartsOf(const EvictionPolicy& policy) -> std::vector<Part> {
  std::vector<Part> parts = {Part::kRows, Part::kCounters};
  if (policy.note().bits > 0) parts.push_back(Part::kNotes);
  if (policy.recent_queries() > 0) {
    parts.insert(parts.end(), {Part::kQueries, Part::kQueryFlags});
  }
  return parts;
}

template <typename Number>
SnapshotSection EvictableTokens<Number>::NoteSection(int64_t rows) const {
  SnapshotSection section = policy_->note();
  section.bits *= rows;
  return section;
}

template <typename Number>
absl::Status EvictableTokens<Number>::CheckMemoryOf(int64_t rows, int64_t queries,
                                                    int64_t tokens) const {
  // A row has an index in the plan of its scale's close, and a query a position.
  const int64_t row_bytes = RowBytes() + int64_t{sizeof(int64_t)} + NoteSection(1).bytes();
  const int64_t query_bytes = dims_ * int64_t{sizeof(float)} + int64_t{sizeof(int64_t)};
  const int64_t recent_bytes =
      SaturatingProduct(std::min(recent_.capacity(), tokens), recent_.BytesEach());
  return CheckMemory(SaturatingSum(SaturatingSum(SaturatingProduct(rows, row_bytes),
                                                 SaturatingProduct(queries, query_bytes)),
                                   recent_bytes),
                     memory_limit_bytes_);
}

template <typename Number>
void EvictableTokens<Number>::Append(const TokenBlock& block,
                                     absl::Span<const int64_t> stored) {
  std::vector<Number> row(static_cast<size_t>(2 * width_));
  for (const int64_t i : stored) {
    LoadRow<Number>(block, i, width_, absl::MakeSpan(row));
    rows_.Append(row);
  }
  tokens_ += block.rows;
  zeros_ += block.rows - static_cast<int64_t>(stored.size());
  recent_.Append(block, stored);
  if (block.closes_scale) recent_.CloseScale();
}

template <typename Number>
void EvictableTokens<Number>::Evict(Survivors survivors) {
  if (survivors.rows.has_value()) rows_.KeepRows(*survivors.rows);
  notes_ = std::move(survivors.notes);
}

template <typename Number>
std::vector<SnapshotSection> EvictableTokens<Number>::Sections(
    const Survivors& survivors) const {
  const int64_t rows = survivors.Count(rows_.rows());
  std::vector<SnapshotSection> sections;
  for (const Part part : parts_) {
    if (part == Part::kRows) {
      sections.push_back({kRowsContent<Number>, 8 * rows * RowBytes(), 8, RowBytes()});
    } else if (part == Part::kCounters) {
      sections.push_back(CounterSection::kSection);
    } else if (part == Part::kNotes) {
      sections.push_back(NoteSection(rows));
    } else {
      sections.push_back(recent_.Sections()[part == Part::kQueries ? 0 : 1]);
    }
  }
  return sections;
}

template <typename Number>
absl::Status EvictableTokens<Number>::WriteSection(size_t index, const Survivors& survivors,
                                                   ByteSink sink) const {
  switch (parts_[index]) {
    case Part::kRows:
      break;
    case Part::kCounters:
      return CounterSection::Write(zeros_, sink);
    case Part::kNotes:
      return survivors.notes.Write(sink);
    case Part::kQueries:
      return recent_.WriteSection(0, sink);
    case Part::kQueryFlags:
      return recent_.WriteSection(1, sink);
  }
  return WriteRows(
      survivors.Count(rows_.rows()), RowBytes(), sink, [&](int64_t row, std::string& piece) {
        const bool all = !survivors.rows.has_value();
        rows_.AppendSerialized(all ? row : (*survivors.rows)[static_cast<size_t>(row)], piece);
      });
}

template <typename Number>
absl::Status EvictableTokens<Number>::BeginSection(int64_t tokens, SnapshotSection section) {
  KVWIRE_RETURN_IF_ERROR(EndSection());
  if (begun_ == parts_.size()) {
    return absl::DataLossError(absl::StrCat("more than ", parts_.size(), " sections"));
  }
  tokens_ = tokens;
  switch (parts_[begun_++]) {
    case Part::kRows:
      return BeginRows(section);
    case Part::kCounters:
      return counter_section_.Begin(section);
    case Part::kNotes:
      return BeginNotes(section);
    case Part::kQueries:
      return recent_.BeginSection(0, section, tokens);
    case Part::kQueryFlags:
      return recent_.BeginSection(1, section, tokens);
  }
  return absl::InternalError("a section of no part");
}

template <typename Number>
absl::Status EvictableTokens<Number>::BeginRows(const SnapshotSection& section) {
  KVWIRE_RETURN_IF_ERROR(row_section_.Begin(section, kRowsContent<Number>, RowBytes()));
  const int64_t most = std::min(policy_->most_rows(), tokens_);
  if (row_section_.rows() <= most) return CheckMemoryOf(row_section_.rows(), 0, tokens_);
  return absl::DataLossError(
      absl::StrCat(row_section_.rows(), " rows where at most ", most, " are kept"));
}

template <typename Number>
absl::Status EvictableTokens<Number>::BeginNotes(const SnapshotSection& section) {
  const SnapshotSection due = NoteSection(rows_.rows());
  KVWIRE_RETURN_IF_ERROR(note_section_.Begin(section, due.content));
  if (section.bits == due.bits) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("notes of ", section.bits, " bits for ",
                                          rows_.rows(), " rows, where ", due.bits,
                                          " are due"));
}

template <typename Number>
absl::Status EvictableTokens<Number>::RestoreBytes(std::string_view piece) {
  switch (parts_[begun_ - 1]) {
    case Part::kRows:
      return row_section_.Append(piece,
                                 [this](std::string_view bytes) { return TakeRow(bytes); });
    case Part::kCounters:
      return counter_section_.Append(piece);
    case Part::kNotes:
      return note_section_.Append(piece, notes_);
    default:
      return recent_.RestoreBytes(piece);
  }
}

template <typename Number>
absl::Status EvictableTokens<Number>::TakeRow(std::string_view bytes) {
  std::vector<Number> row(static_cast<size_t>(2 * width_));
  KVWIRE_RETURN_IF_ERROR(ParseNonzeroRow<Number>(bytes, rows_.rows(), absl::MakeSpan(row)));
  rows_.Append(row);
  return absl::OkStatus();
}

template <typename Number>
absl::Status EvictableTokens<Number>::TakeCounter() {
  KVWIRE_ASSIGN_OR_RETURN(zeros_, counter_section_.End());
  const int64_t others = tokens_ - rows_.rows();
  // Rows are evicted only where enough are left.
  if (zeros_ == others || (zeros_ < others && rows_.rows() >= policy_->least_rows())) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat(zeros_, " zero tokens and ", rows_.rows(),
                                          " rows in a stream of ", tokens_, " tokens"));
}

template <typename Number>
absl::Status EvictableTokens<Number>::EndSection() {
  if (begun_ == 0) return absl::OkStatus();
  switch (parts_[begun_ - 1]) {
    case Part::kRows:
      return row_section_.End();
    case Part::kCounters:
      return TakeCounter();
    case Part::kNotes:
      KVWIRE_RETURN_IF_ERROR(note_section_.End(notes_));
      return policy_->CheckNotes(notes_, tokens_);
    default:
      return recent_.EndSection(tokens_, rows_.rows(), zeros_);
  }
}

template <typename Number>
absl::Status EvictableTokens<Number>::EndRestore() {
  KVWIRE_RETURN_IF_ERROR(EndSection());
  if (begun_ == parts_.size()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("sections are missing: there are ", begun_, " of ", parts_.size()));
}

template class EvictableTokens<float>;
template class EvictableTokens<Eigen::half>;

}  // namespace kvwire
