#ifndef KVWIRE_COMMON_KV_ALGORITHMS_FULL_CACHE_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_FULL_CACHE_H_

// Every key and value, rounded to Number (float, Eigen::half or Eigen::bfloat16). Tokens that
// are zero after rounding are counted, not stored: each weighs e^0 in closed form and the
// order of tokens does not matter. One section holds the other tokens in order; the
// container's token count less these rows is the count of zeros.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/nonzero_rows.h"
#include "common/kv/row_cache.h"
#include "common/kv/token_rows.h"

namespace kvwire {

template <typename Number>
class FullCache : public RowCache {
 public:
  static absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
    auto cache = std::make_unique<FullCache>(setup);
    if (setup.frame.has_value()) {
      KVWIRE_RETURN_IF_ERROR(cache->CheckRows(setup.frame->rows()));
    }
    return cache;
  }

  explicit FullCache(const CacheSetup& setup) : RowCache(setup), rows_(width()) {}

  absl::Status Append(const TokenBlock& block) override {
    KVWIRE_RETURN_IF_ERROR(CheckQueries(block, setup(), tokens_));
    if (block.keys == nullptr && block.values == nullptr) {
      tokens_ += block.rows;
      return absl::OkStatus();
    }
    if (!CheckRows(rows_.rows() + block.rows).ok()) return AppendOneByOne(block);
    const auto write = [&](int64_t first, Number* keys, Number* values,
                           absl::Span<RowContent> contents) {
      for (RowContent& content : contents) {
        content = LoadRow(block, first++, width(), keys, values);
        keys += width();
        values += width();
      }
    };
    if (!rows_.AppendWritten(block.rows, write)) return AppendOneByOne(block);
    tokens_ += block.rows;
    return absl::OkStatus();
  }

  void VisitRows(BlockVisitor visitor) const override { rows_.VisitBlocks(visitor); }
  int64_t ZeroRows() const override { return tokens_ - rows_.rows(); }

  int64_t tokens() const override { return tokens_; }

  std::vector<SnapshotSection> Sections() const override {
    return {{kRowsContent<Number>, 8 * rows_.rows() * RowBytes(), 8, RowBytes()}};
  }

  absl::Status WriteSection(size_t, ByteSink sink) const override {
    return WriteRows(rows_.rows(), RowBytes(), sink, [this](int64_t row, std::string& piece) {
      rows_.AppendSerialized(row, piece);
    });
  }

  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override {
    KVWIRE_RETURN_IF_ERROR(section_.Begin(section, kRowsContent<Number>, RowBytes()));
    if (section_.rows() > tokens) {
      return absl::DataLossError(
          absl::StrCat(section_.rows(), " rows in a stream of ", tokens, " tokens"));
    }
    tokens_ = tokens;
    return CheckRows(section_.rows());
  }

  absl::Status RestoreBytes(std::string_view piece) override {
    return section_.AppendRuns(piece, [this](std::string_view rows) { return Take(rows); });
  }

  absl::Status EndRestore() override { return section_.End(); }

  absl::Status CheckRow(absl::Span<const float> key,
                        absl::Span<const float> value) const override {
    for (const absl::Span<const float> half : {key, value}) {
      for (const float number : half) {
        if (Eigen::numext::isfinite(Number(number))) continue;
        return absl::InvalidArgumentError(
            absl::StrCat(number, " overflows ", 8 * sizeof(Number), " bits"));
      }
    }
    return absl::OkStatus();
  }

  int64_t PeakBytes(int64_t rows) const override {
    return SaturatingProduct(rows, RowBytes());
  }

 private:
  // A state that most caches do not hold.
  static constexpr int64_t kLargeBytes = int64_t{64} << 20;

  int64_t RowBytes() const { return TokenRows<Number>::RowBytes(width()); }

  // Where there may be no room for all, or one is not finite: what is stored is known first.
  absl::Status AppendOneByOne(const TokenBlock& block) {
    KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup(), tokens_));
    KVWIRE_ASSIGN_OR_RETURN(const std::vector<int64_t> stored,
                            StoredRows<Number>(block, width(), tokens_));
    KVWIRE_RETURN_IF_ERROR(CheckRows(rows_.rows() + static_cast<int64_t>(stored.size())));
    std::vector<Number> row(2 * width());
    for (const int64_t i : stored) {
      LoadRow<Number>(block, i, width(), absl::MakeSpan(row));
      rows_.Append(row);
    }
    tokens_ += block.rows;
    return absl::OkStatus();
  }

  // Takes rows as they are in a section.
  absl::Status Take(std::string_view bytes) {
    const int64_t before = rows_.rows();
    const int64_t count = static_cast<int64_t>(bytes.size()) / RowBytes();
    const CopyTo where =
        section_.rows() * RowBytes() < kLargeBytes ? CopyTo::kCaches : CopyTo::kMemory;
    const auto write = [&](int64_t first, Number* keys, Number* values,
                           absl::Span<RowContent> contents) {
      CopyRows(bytes.data() + first * RowBytes(), width(), where, keys, values, contents);
    };
    if (rows_.AppendWritten(count, write) && rows_.rows() == before + count) {
      return absl::OkStatus();
    }
    std::vector<Number> row(2 * width());
    for (int64_t i = 0; i < count; ++i) {
      KVWIRE_RETURN_IF_ERROR(ParseNonzeroRow<Number>(bytes.substr(i * RowBytes(), RowBytes()),
                                                     before + i, absl::MakeSpan(row)));
    }
    return absl::InternalError("a row was refused without a reason");
  }

  absl::Status CheckRows(int64_t rows) const {
    return CheckMemory(PeakBytes(rows), setup().memory_limit_bytes);
  }

  int64_t tokens_ = 0;
  TokenRows<Number> rows_;
  RowSection section_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_FULL_CACHE_H_
