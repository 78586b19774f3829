#include "common/kv/token_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "common/base/little_endian.h"
#include "common/base/memory_account.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr int64_t kSaturated = std::numeric_limits<int64_t>::max();

// Blocks are large enough for matrix products and small enough for a cache level.
constexpr int64_t kBlockBytes = int64_t{1} << 19;
constexpr int64_t kMaxBlockRows = 1024;

template <typename Number>
using RowMap = Eigen::Map<const Eigen::Matrix<Number, 1, Eigen::Dynamic>>;

absl::Status CheckFinite(const std::string& what, const float* rows, int64_t count,
                         int64_t width, int64_t tokens) {
  if (rows == nullptr) return absl::OkStatus();
  for (int64_t row = 0; row < count; ++row) {
    const absl::Span<const float> numbers(rows + row * width, static_cast<size_t>(width));
    if (ContentOf(numbers) != RowContent::kNotFinite) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the ", what, " of token ", tokens + row, " is not finite"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckBlock(const TokenBlock& block, const CacheSetup& setup, int64_t tokens) {
  if (block.rows < 0) {
    return absl::InvalidArgumentError(absl::StrCat("a block of ", block.rows, " rows"));
  }
  if (block.rows > kMaxCacheTokens - tokens) {
    return absl::ResourceExhaustedError(absl::StrCat(
        block.rows, " tokens after ", tokens, " are over the limit of ", kMaxCacheTokens));
  }
  KVWIRE_RETURN_IF_ERROR(CheckFinite("query", block.queries, block.rows, setup.dims, tokens));
  KVWIRE_RETURN_IF_ERROR(
      CheckFinite("key", block.keys, block.rows, setup.row_width(), tokens));
  return CheckFinite("value", block.values, block.rows, setup.row_width(), tokens);
}

absl::Status CheckAttend(int64_t tokens, int64_t dims, const Eigen::Ref<const Matrix>& queries,
                         const Eigen::Ref<Matrix>& out) {
  if (queries.cols() != dims || out.cols() != dims || out.rows() != queries.rows()) {
    return absl::InvalidArgumentError(
        absl::StrCat("queries [", queries.rows(), ", ", queries.cols(), "] and outputs [",
                     out.rows(), ", ", out.cols(), "] must both be [m, ", dims, "]"));
  }
  if (tokens > 0) return absl::OkStatus();
  return absl::FailedPreconditionError("the cache holds no token to attend to");
}

int64_t SaturatingProduct(int64_t a, int64_t b) {
  return b != 0 && a > kSaturated / b ? kSaturated : a * b;
}

int64_t SaturatingSum(int64_t a, int64_t b) { return a > kSaturated - b ? kSaturated : a + b; }

int64_t WholeBytes(int64_t bits) {
  return bits == kSaturated ? bits : bits / 8 + (bits % 8 != 0 ? 1 : 0);
}

absl::Status CheckMemory(int64_t needed_bytes, int64_t limit_bytes) {
  if (needed_bytes > limit_bytes || needed_bytes == kSaturated) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the state needs ", needed_bytes, " bytes of memory, allowed are ", limit_bytes));
  }
  MemoryAccount* const account = MemoryAccount::Current();
  return account == nullptr ? absl::OkStatus() : account->Raise(needed_bytes);
}

template <typename Number>
RowContent ContentOf(absl::Span<const Number> row) {
  bool zero = true;
  bool finite = true;
  for (const Number number : row) {
    const float wide = static_cast<float>(number);
    zero &= wide == 0;
    finite &= std::isfinite(wide);
  }
  if (!finite) return RowContent::kNotFinite;
  return zero ? RowContent::kZero : RowContent::kFinite;
}

template <typename Number>
void LoadRow(const TokenBlock& block, int64_t row, int64_t width, absl::Span<Number> out) {
  Number* to = out.data();
  for (const float* half : {block.keys, block.values}) {
    if (half == nullptr) {
      std::fill_n(to, width, Number(0));
    } else {
      std::transform(half + row * width, half + (row + 1) * width, to,
                     [](float number) { return Number(number); });
    }
    to += width;
  }
}

template <typename Number>
absl::StatusOr<std::vector<int64_t>> StoredRows(const TokenBlock& block, int64_t width,
                                                int64_t tokens) {
  std::vector<int64_t> stored;
  if (block.keys == nullptr && block.values == nullptr) return stored;
  std::vector<Number> row(static_cast<size_t>(2 * width));
  for (int64_t i = 0; i < block.rows; ++i) {
    LoadRow<Number>(block, i, width, absl::MakeSpan(row));
    const RowContent content = ContentOf<Number>(row);
    if (content == RowContent::kNotFinite) {
      return absl::InvalidArgumentError(absl::StrCat("token ", tokens + i, " overflows ",
                                                     8 * sizeof(Number), " bits a number"));
    }
    if (content == RowContent::kFinite) stored.push_back(i);
  }
  return stored;
}

template <typename Number>
TokenRows<Number>::TokenRows(int64_t width)
    : width_(width),
      block_rows_(std::clamp(kBlockBytes / RowBytes(width), int64_t{1}, kMaxBlockRows)) {}

template <typename Number>
void TokenRows<Number>::Append(absl::Span<const Number> row) {
  if ((dropped_ + rows_) % block_rows_ == 0) blocks_.emplace_back();
  Block& block = blocks_.back();
  block.keys.insert(block.keys.end(), row.begin(), row.begin() + width_);
  block.values.insert(block.values.end(), row.begin() + width_, row.end());
  ++rows_;
}

template <typename Number>
void TokenRows<Number>::DropFront(int64_t count) {
  rows_ -= count;
  dropped_ += count;
  for (; dropped_ >= block_rows_; dropped_ -= block_rows_) blocks_.pop_front();
}

template <typename Number>
void TokenRows<Number>::KeepRows(absl::Span<const int64_t> survivors) {
  const auto count = static_cast<int64_t>(survivors.size());
  for (int64_t row = 0; row < count; ++row) {
    const int64_t from = survivors[static_cast<size_t>(row)];
    if (from != row) MoveRow(from, row);
  }
  rows_ = count;
  const int64_t end = dropped_ + rows_;
  blocks_.resize(static_cast<size_t>((end + block_rows_ - 1) / block_rows_));
  if (end % block_rows_ == 0) return;
  const auto numbers = static_cast<size_t>(end % block_rows_ * width_);
  blocks_.back().keys.resize(numbers);
  blocks_.back().values.resize(numbers);
}

template <typename Number>
void TokenRows<Number>::MoveRow(int64_t from, int64_t to) {
  const Block& source = blocks_[static_cast<size_t>((dropped_ + from) / block_rows_)];
  Block& target = blocks_[static_cast<size_t>((dropped_ + to) / block_rows_)];
  const int64_t source_at = (dropped_ + from) % block_rows_ * width_;
  const int64_t target_at = (dropped_ + to) % block_rows_ * width_;
  std::copy_n(source.keys.begin() + source_at, width_, target.keys.begin() + target_at);
  std::copy_n(source.values.begin() + source_at, width_, target.values.begin() + target_at);
}

template <typename Number>
void TokenRows<Number>::CopyRows(int64_t first,
                                 // Views. NOLINTNEXTLINE(performance-unnecessary-value-param)
                                 Eigen::Ref<Matrix> keys, Eigen::Ref<Matrix> values) const {
  for (int64_t row = 0; row < keys.rows(); ++row) {
    const int64_t at = dropped_ + first + row;
    const Block& block = blocks_[static_cast<size_t>(at / block_rows_)];
    const int64_t offset = at % block_rows_ * width_;
    keys.row(row) = RowMap<Number>(block.keys.data() + offset, width_).template cast<float>();
    values.row(row) =
        RowMap<Number>(block.values.data() + offset, width_).template cast<float>();
  }
}

template <typename Number>
void TokenRows<Number>::VisitBlocks(BlockVisitor visitor) const {
  Matrix keys;
  Matrix values;
  for (int64_t first = 0; first < rows_; first += block_rows_) {
    const int64_t count = std::min(block_rows_, rows_ - first);
    if constexpr (std::is_same_v<Number, float>) {
      if (dropped_ == 0) {
        const Block& block = blocks_[static_cast<size_t>(first / block_rows_)];
        visitor({MatrixView(block.keys.data(), count, width_),
                 MatrixView(block.values.data(), count, width_), nullptr, /*lasting=*/true});
        continue;
      }
    }
    keys.resize(count, width_);
    values.resize(count, width_);
    CopyRows(first, keys, values);
    visitor(
        {MatrixView(keys.data(), count, width_), MatrixView(values.data(), count, width_)});
  }
}

template <typename Number>
void TokenRows<Number>::AppendSerialized(int64_t row, std::string& out) const {
  const int64_t at = dropped_ + row;
  const Block& block = blocks_[static_cast<size_t>(at / block_rows_)];
  const size_t bytes = static_cast<size_t>(width_) * sizeof(Number);
  for (const Numbers* numbers : {&block.keys, &block.values}) {
    const Number* from = numbers->data() + at % block_rows_ * width_;
    out.append(reinterpret_cast<const char*>(from), bytes);
  }
}

absl::Status WriteRows(int64_t rows, int64_t row_bytes, ByteSink sink,
                       absl::FunctionRef<void(int64_t, std::string&)> append_row) {
  std::string piece;
  for (int64_t row = 0; row < rows; ++row) {
    append_row(row, piece);
    if (row + 1 < rows && static_cast<int64_t>(piece.size()) + row_bytes <= kMaxPieceBytes) {
      continue;
    }
    KVWIRE_RETURN_IF_ERROR(sink(piece));
    piece.clear();
  }
  return absl::OkStatus();
}

absl::Status RowSection::Begin(SnapshotSection section, SectionContent expected,
                               int64_t row_bytes) {
  if (begun_ || section.content != expected) {
    return absl::DataLossError(absl::StrCat("a section of ",
                                            std::string(SectionContentName(section.content)),
                                            " where none of that kind is due"));
  }
  if (section.bits < 0 || section.bits % (8 * row_bytes) != 0) {
    return absl::DataLossError(absl::StrCat("a section of ", section.bits,
                                            " bits does not hold whole rows of ", row_bytes,
                                            " bytes"));
  }
  begun_ = true;
  rows_ = section.bytes() / row_bytes;
  row_bytes_ = static_cast<size_t>(row_bytes);
  bytes_left_ = section.bytes();
  return absl::OkStatus();
}

absl::Status RowSection::Append(std::string_view piece,
                                absl::FunctionRef<absl::Status(std::string_view)> take) {
  if (static_cast<int64_t>(piece.size()) > bytes_left_) {
    return absl::DataLossError("a section is longer than announced");
  }
  bytes_left_ -= static_cast<int64_t>(piece.size());
  while (!piece.empty()) {
    if (partial_.empty() && piece.size() >= row_bytes_) {
      KVWIRE_RETURN_IF_ERROR(take(piece.substr(0, row_bytes_)));
      piece.remove_prefix(row_bytes_);
      continue;
    }
    const size_t count = std::min(row_bytes_ - partial_.size(), piece.size());
    partial_.append(piece.substr(0, count));
    piece.remove_prefix(count);
    if (partial_.size() < row_bytes_) continue;
    KVWIRE_RETURN_IF_ERROR(take(partial_));
    partial_.clear();
  }
  return absl::OkStatus();
}

absl::Status RowSection::End() const {
  if (begun_ && bytes_left_ == 0) return absl::OkStatus();
  return absl::DataLossError(begun_ ? "a section is shorter than announced"
                                    : "the section of tokens is missing");
}

template RowContent ContentOf(absl::Span<const float>);
template RowContent ContentOf(absl::Span<const Eigen::half>);
template RowContent ContentOf(absl::Span<const Eigen::bfloat16>);
template void LoadRow(const TokenBlock&, int64_t, int64_t, absl::Span<float>);
template void LoadRow(const TokenBlock&, int64_t, int64_t, absl::Span<Eigen::half>);
template void LoadRow(const TokenBlock&, int64_t, int64_t, absl::Span<Eigen::bfloat16>);
template absl::StatusOr<std::vector<int64_t>> StoredRows<float>(const TokenBlock&, int64_t,
                                                                int64_t);
template absl::StatusOr<std::vector<int64_t>> StoredRows<Eigen::half>(const TokenBlock&,
                                                                      int64_t, int64_t);
template absl::StatusOr<std::vector<int64_t>> StoredRows<Eigen::bfloat16>(const TokenBlock&,
                                                                          int64_t, int64_t);
template class TokenRows<float>;
template class TokenRows<Eigen::half>;
template class TokenRows<Eigen::bfloat16>;

}  // namespace kvwire
