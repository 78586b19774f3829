#include "common/kv/token_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "common/base/memory_account.h"
#include "common/base/parallel.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr int64_t kSaturated = std::numeric_limits<int64_t>::max();

// Blocks are large enough for matrix products and small enough for a cache level.
constexpr int64_t kBlockBytes = int64_t{1} << 19;
constexpr int64_t kMaxBlockRows = 1024;

// Rows that one thread writes one after the other.
constexpr int64_t kRowsAtOnce = 128;

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

// Writes half a token, rounded, to `out` [width].
template <typename Number>
RowContent LoadHalf(const float* half, int64_t row, int64_t width, Number* out) {
  if (half != nullptr) {
    return RoundRow<Number>({half + row * width, static_cast<size_t>(width)}, out);
  }
  std::fill_n(out, width, Number(0));
  return RowContent::kZero;
}

}  // namespace

absl::Status CheckQueries(const TokenBlock& block, const CacheSetup& setup, int64_t tokens) {
  if (block.rows < 0) {
    return absl::InvalidArgumentError(absl::StrCat("a block of ", block.rows, " rows"));
  }
  if (block.rows > kMaxCacheTokens - tokens) {
    return absl::ResourceExhaustedError(absl::StrCat(
        block.rows, " tokens after ", tokens, " are over the limit of ", kMaxCacheTokens));
  }
  return CheckFinite("query", block.queries, block.rows, setup.dims, tokens);
}

absl::Status CheckBlock(const TokenBlock& block, const CacheSetup& setup, int64_t tokens) {
  KVWIRE_RETURN_IF_ERROR(CheckQueries(block, setup, tokens));
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

absl::Status CheckAnswer(const Eigen::Ref<const Matrix>& out) {
  if (out.allFinite()) return absl::OkStatus();
  return absl::OutOfRangeError("the answer is over the range of binary32");
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
RowContent LoadRow(const TokenBlock& block, int64_t row, int64_t width, Number* key,
                   Number* value) {
  return WholeContent(LoadHalf(block.keys, row, width, key),
                      LoadHalf(block.values, row, width, value));
}

template <typename Number>
absl::StatusOr<std::vector<int64_t>> StoredRows(const TokenBlock& block, int64_t width,
                                                int64_t tokens) {
  std::vector<int64_t> stored;
  if (block.keys == nullptr && block.values == nullptr) return stored;
  std::vector<Number> rounded(static_cast<size_t>(width));
  for (int64_t i = 0; i < block.rows; ++i) {
    const RowContent content = LoadRow(block, i, width, rounded.data(), rounded.data());
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
Number* TokenRows<Number>::KeyAt(int64_t row) {
  const int64_t at = dropped_ + row;
  return blocks_[static_cast<size_t>(at / block_rows_)].keys.data() +
         at % block_rows_ * width_;
}

template <typename Number>
Number* TokenRows<Number>::ValueAt(int64_t row) {
  const int64_t at = dropped_ + row;
  return blocks_[static_cast<size_t>(at / block_rows_)].values.data() +
         at % block_rows_ * width_;
}

template <typename Number>
void TokenRows<Number>::ResizeBlock(size_t index, int64_t rows) {
  for (Numbers* numbers : {&blocks_[index].keys, &blocks_[index].values}) {
    // A block that grows is moved. The first one may stay small, others will be full.
    if (index > 0) numbers->reserve(static_cast<size_t>(block_rows_ * width_));
    numbers->resize(static_cast<size_t>(rows * width_));
  }
}

template <typename Number>
void TokenRows<Number>::Resize(int64_t rows) {
  const int64_t end = dropped_ + rows;
  const auto whole = static_cast<size_t>(end / block_rows_);
  const bool grows = rows > rows_;
  for (size_t i = grows && !blocks_.empty() ? blocks_.size() - 1 : blocks_.size(); i < whole;
       ++i) {
    if (i == blocks_.size()) blocks_.emplace_back();
    ResizeBlock(i, block_rows_);
  }
  blocks_.resize(whole + (end % block_rows_ > 0 ? 1 : 0));
  if (end % block_rows_ > 0) ResizeBlock(blocks_.size() - 1, end % block_rows_);
  rows_ = rows;
}

template <typename Number>
bool TokenRows<Number>::AppendWritten(int64_t count, RowsWriter write) {
  const int64_t before = rows_;
  std::vector<RowContent> contents(static_cast<size_t>(count));
  Resize(before + count);
  ParallelFor((count + kRowsAtOnce - 1) / kRowsAtOnce, [&](int64_t part) {
    const int64_t end = std::min(count, (part + 1) * kRowsAtOnce);
    for (int64_t first = part * kRowsAtOnce, next = 0; first < end; first = next) {
      // Rows of one block lie one after the other.
      next = std::min(end, first + block_rows_ - (dropped_ + before + first) % block_rows_);
      write(first, KeyAt(before + first), ValueAt(before + first),
            absl::MakeSpan(contents).subspan(first, next - first));
    }
  });
  int64_t kept = before;
  for (int64_t i = 0; i < count; ++i) {
    const RowContent content = contents[static_cast<size_t>(i)];
    if (content == RowContent::kNotFinite) {
      Resize(before);
      return false;
    }
    if (content == RowContent::kZero) continue;
    if (kept != before + i) MoveRow(before + i, kept);
    ++kept;
  }
  if (kept != rows_) Resize(kept);
  return true;
}

template <typename Number>
void TokenRows<Number>::KeepRows(absl::Span<const int64_t> survivors) {
  const auto count = static_cast<int64_t>(survivors.size());
  for (int64_t row = 0; row < count; ++row) {
    const int64_t from = survivors[static_cast<size_t>(row)];
    if (from != row) MoveRow(from, row);
  }
  Resize(count);
}

template <typename Number>
void TokenRows<Number>::MoveRow(int64_t from, int64_t to) {
  std::copy_n(KeyAt(from), width_, KeyAt(to));
  std::copy_n(ValueAt(from), width_, ValueAt(to));
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

template RowContent LoadRow(const TokenBlock&, int64_t, int64_t, float*, float*);
template RowContent LoadRow(const TokenBlock&, int64_t, int64_t, Eigen::half*, Eigen::half*);
template RowContent LoadRow(const TokenBlock&, int64_t, int64_t, Eigen::bfloat16*,
                            Eigen::bfloat16*);
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
