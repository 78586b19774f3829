#include "common/kv/window_cache.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/nonzero_rows.h"
#include "common/kv/row_content.h"

namespace kvwire {
namespace {

// Visits the tokens [2 w] of a block that are not zero once they are rounded to Number,
// with their place in the block, up to the first error.
template <typename Number>
absl::Status VisitNonzero(
    const TokenBlock& block, int64_t width,
    absl::FunctionRef<absl::Status(int64_t, absl::Span<const Number>)> visitor) {
  if (block.keys == nullptr && block.values == nullptr) return absl::OkStatus();
  std::vector<Number> row(2 * width);
  for (int64_t i = 0; i < block.rows; ++i) {
    LoadRow<Number>(block, i, width, absl::MakeSpan(row));
    if (ContentOf<Number>(row) == RowContent::kZero) continue;
    KVWIRE_RETURN_IF_ERROR(visitor(i, row));
  }
  return absl::OkStatus();
}

}  // namespace

template <typename Number>
absl::StatusOr<std::unique_ptr<KvCache>> WindowCache<Number>::Create(
    const CacheSetup& setup, const WindowSize& size, std::unique_ptr<KvCache> inner) {
  if (inner->AsRows() == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("algorithm ", setup.spec.name(),
                     " keeps no set of tokens, which those of a window could join"));
  }
  auto cache = std::unique_ptr<WindowCache>(new WindowCache(setup, size, std::move(inner)));
  if (setup.frame.has_value()) {
    KVWIRE_RETURN_IF_ERROR(
        CheckMemory(cache->PeakBytes(setup.frame->rows()), setup.memory_limit_bytes));
  }
  return cache;
}

template <typename Number>
WindowCache<Number>::WindowCache(const CacheSetup& setup, const WindowSize& size,
                                 std::unique_ptr<KvCache> inner)
    : RowCache(setup),
      size_(size),
      inner_(std::move(inner)),
      inner_rows_(inner_->AsRows()),
      sinks_(width()),
      recent_(width()) {}

template <typename Number>
int64_t WindowCache<Number>::PeakBytes(int64_t rows) const {
  const int64_t kept = std::min(rows, size_.sinks + size_.recent);
  return SaturatingSum(SaturatingProduct(kept, RowBytes()),
                       inner_rows_->PeakBytes(rows - kept));
}

template <typename Number>
absl::Status WindowCache<Number>::CheckRounded(absl::Span<const Number> row) const {
  std::vector<float> wide(row.size());
  WidenRow(row, wide.data());
  if (ContentOf<float>(wide) == RowContent::kNotFinite) {
    return absl::InvalidArgumentError(
        absl::StrCat("a number overflows ", 8 * sizeof(Number), " bits"));
  }
  const absl::Span<const float> span = wide;
  return inner_rows_->CheckRow(span.first(row.size() / 2), span.subspan(row.size() / 2));
}

template <typename Number>
absl::Status WindowCache<Number>::CheckRow(absl::Span<const float> key,
                                           absl::Span<const float> value) const {
  return VisitNonzero<Number>(
      {1, nullptr, key.data(), value.data()}, width(),
      [this](int64_t, absl::Span<const Number> row) { return CheckRounded(row); });
}

template <typename Number>
absl::StatusOr<int64_t> WindowCache<Number>::CountStored(const TokenBlock& block) const {
  int64_t stored = 0;
  KVWIRE_RETURN_IF_ERROR(VisitNonzero<Number>(
      block, width(), [&](int64_t i, absl::Span<const Number> row) -> absl::Status {
        ++stored;
        const absl::Status status = CheckRounded(row);
        if (status.ok()) return status;
        return absl::InvalidArgumentError(
            absl::StrCat("token ", tokens() + i, ": ", std::string(status.message())));
      }));
  return stored;
}

template <typename Number>
absl::Status WindowCache<Number>::Append(const TokenBlock& block) {
  KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup(), tokens()));
  KVWIRE_ASSIGN_OR_RETURN(const int64_t stored, CountStored(block));
  KVWIRE_RETURN_IF_ERROR(CheckMemory(PeakBytes(rows() + stored), setup().memory_limit_bytes));

  WindowSplit split;
  split.sinks = std::min(stored, size_.sinks - sinks_.rows());
  const int64_t handed =
      std::max(int64_t{0}, recent_.rows() + stored - split.sinks - size_.recent);
  const int64_t left = std::min(handed, recent_.rows());
  split.handed = handed - left;
  KVWIRE_RETURN_IF_ERROR(HandOver(block, split, left));
  KVWIRE_RETURN_IF_ERROR(
      inner_->Append({block.rows - stored, nullptr, nullptr, nullptr, block.closes_scale}));

  recent_.DropFront(left);
  int64_t place = 0;
  return VisitNonzero<Number>(block, width(), [&](int64_t, absl::Span<const Number> row) {
    if (split.ToSinks(place)) {
      sinks_.Append(row);
    } else if (!split.ToInner(place)) {
      recent_.Append(row);
    }
    ++place;
    return absl::OkStatus();
  });
}

template <typename Number>
absl::Status WindowCache<Number>::HandOver(const TokenBlock& block, const WindowSplit& split,
                                           int64_t left) {
  Matrix keys(left + split.handed, width());
  Matrix values(left + split.handed, width());
  recent_.CopyRows(0, keys.topRows(left), values.topRows(left));
  int64_t place = 0;
  int64_t to = left;
  KVWIRE_RETURN_IF_ERROR(
      VisitNonzero<Number>(block, width(), [&](int64_t, absl::Span<const Number> row) {
        if (!split.ToInner(place++)) return absl::OkStatus();
        const size_t half = row.size() / 2;
        WidenRow(row.first(half), keys.row(to).data());
        WidenRow(row.subspan(half), values.row(to).data());
        ++to;
        return absl::OkStatus();
      }));
  return inner_->Append({keys.rows(), nullptr, keys.data(), values.data(), false});
}

template <typename Number>
void WindowCache<Number>::VisitRows(BlockVisitor visitor) const {
  sinks_.VisitBlocks(visitor);
  inner_rows_->VisitRows(visitor);
  recent_.VisitBlocks(visitor);
}

template <typename Number>
std::vector<SnapshotSection> WindowCache<Number>::Sections() const {
  std::vector<SnapshotSection> sections = {
      {kRowsContent<Number>, 8 * kept() * RowBytes(), 8, RowBytes()}};
  const std::vector<SnapshotSection> inner = inner_->Sections();
  sections.insert(sections.end(), inner.begin(), inner.end());
  return sections;
}

template <typename Number>
absl::Status WindowCache<Number>::WriteSection(size_t index, ByteSink sink) const {
  if (index > 0) return inner_->WriteSection(index - 1, sink);
  return WriteRows(kept(), RowBytes(), sink, [this](int64_t row, std::string& piece) {
    if (row < sinks_.rows()) {
      sinks_.AppendSerialized(row, piece);
    } else {
      recent_.AppendSerialized(row - sinks_.rows(), piece);
    }
  });
}

template <typename Number>
absl::Status WindowCache<Number>::BeginSection(int64_t tokens, SnapshotSection section) {
  if (announced_sections_++ == 0) return BeginKept(tokens, section);
  if (announced_sections_ == 2) KVWIRE_RETURN_IF_ERROR(section_.End());
  KVWIRE_RETURN_IF_ERROR(inner_->BeginSection(tokens - kept(), section));
  announced_bits_ = SaturatingSum(announced_bits_, section.bits);
  return CheckMemory(WholeBytes(announced_bits_), setup().memory_limit_bytes);
}

template <typename Number>
absl::Status WindowCache<Number>::BeginKept(int64_t tokens, SnapshotSection section) {
  KVWIRE_RETURN_IF_ERROR(section_.Begin(section, kRowsContent<Number>, RowBytes()));
  const int64_t most_rows = std::min(tokens, size_.sinks + size_.recent);
  if (section_.rows() > most_rows) {
    return absl::DataLossError(absl::StrCat(section_.rows(), " tokens where at most ",
                                            most_rows, " are kept as they are"));
  }
  announced_bits_ = section.bits;
  return CheckMemory(section.bytes(), setup().memory_limit_bytes);
}

template <typename Number>
absl::Status WindowCache<Number>::RestoreBytes(std::string_view piece) {
  if (announced_sections_ > 1) return inner_->RestoreBytes(piece);
  std::vector<Number> row(2 * width());
  return section_.Append(piece, [&](std::string_view bytes) {
    KVWIRE_RETURN_IF_ERROR(ParseNonzeroRow<Number>(bytes, kept(), absl::MakeSpan(row)));
    (sinks_.rows() < size_.sinks ? sinks_ : recent_).Append(row);
    return absl::OkStatus();
  });
}

template <typename Number>
absl::Status WindowCache<Number>::EndRestore() {
  KVWIRE_RETURN_IF_ERROR(section_.End());
  KVWIRE_RETURN_IF_ERROR(inner_->EndRestore());
  const int64_t inner_rows = inner_->tokens() - inner_rows_->ZeroRows();
  if (inner_rows == 0 || kept() == size_.sinks + size_.recent) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(inner_rows, " tokens have left a window that holds ",
                                          kept(), " of ", size_.sinks + size_.recent));
}

template class WindowCache<float>;
template class WindowCache<Eigen::half>;

}  // namespace kvwire
