#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/registry.h"
#include "common/kv/row_cache.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

constexpr int64_t kMaxBudget = int64_t{1} << 32;

// What of a stream is kept: a rule about positions, common to every state of a setup.
struct Budget {
  int64_t sinks = 4;
  int64_t window = 64;
  bool evicts_before = false;  // at each block, not when the scale closes

  static absl::StatusOr<Budget> FromSpec(const AlgorithmSpec& spec);

  // Where the window of a closed stream of `tokens` begins; sinks are before it.
  int64_t WindowBegin(int64_t tokens) const { return std::max(sinks, tokens - window); }
  int64_t Kept(int64_t tokens) const {
    return std::min(tokens, sinks) + std::max(int64_t{0}, tokens - WindowBegin(tokens));
  }
  // The position of the index-th kept token of a closed stream.
  int64_t KeptPosition(int64_t index, int64_t tokens) const {
    return index < sinks ? index : WindowBegin(tokens) + index - sinks;
  }
};

absl::StatusOr<Budget> Budget::FromSpec(const AlgorithmSpec& spec) {
  Budget budget;
  KVWIRE_ASSIGN_OR_RETURN(budget.sinks, spec.IntOption("sinks", 4, 0, kMaxBudget));
  KVWIRE_ASSIGN_OR_RETURN(budget.window, spec.IntOption("window", 64, 0, kMaxBudget));
  if (budget.sinks + budget.window == 0) {
    return absl::InvalidArgumentError(
        "algorithm streaming: sinks=0 and window=0 would keep nothing");
  }
  KVWIRE_ASSIGN_OR_RETURN(const int evict, spec.ChoiceOption("evict", {"close", "before"}));
  budget.evicts_before = evict == 1;
  return budget;
}

// Some tokens of the stream: rows for those that are not zero, with their positions.
// Zero tokens take no memory, so that an open scale of millions of them is free.
class PositionedRows {
 public:
  explicit PositionedRows(int64_t width) : rows_(width) {}

  // Positions and their order take this on top of the numbers of a row.
  static constexpr int64_t kExtraRowBytes = sizeof(int64_t);

  const TokenRows<float>& rows() const { return rows_; }

  void Append(int64_t position, absl::Span<const float> row) {
    positions_.push_back(position);
    rows_.Append(row);
  }

  int64_t RowsBefore(int64_t position) const {
    return std::lower_bound(positions_.begin(), positions_.end(), position) -
           positions_.begin();
  }

  void DropBefore(int64_t position) {
    const int64_t count = RowsBefore(position);
    positions_.erase(positions_.begin(), positions_.begin() + count);
    rows_.DropFront(count);
  }

  // Appends the serialized token at `position`.
  void AppendSerialized(int64_t position, int64_t row_bytes, std::string& out) const {
    const int64_t row = RowsBefore(position);
    if (row < rows_.rows() && positions_[static_cast<size_t>(row)] == position) {
      rows_.AppendSerialized(row, out);
    } else {
      out.append(static_cast<size_t>(row_bytes), '\0');
    }
  }

 private:
  std::deque<int64_t> positions_;  // increasing
  TokenRows<float> rows_;
};

// StreamingLLM: the first `sinks` tokens ever (attention sinks) and the `window` most
// recent ones, in float32 (Xiao et al. 2023). One section holds every kept token,
// zeros included, in order; the token count of the container tells which they are.
class StreamingCache : public RowCache {
 public:
  StreamingCache(const CacheSetup& setup, const Budget& budget)
      : RowCache(setup),
        budget_(budget),
        window_begin_(budget.sinks),
        sinks_(width()),
        recent_(width()) {}

  absl::Status CheckRows(int64_t rows) const {
    return CheckMemory(SaturatingProduct(rows, RowBytes() + PositionedRows::kExtraRowBytes),
                       setup().memory_limit_bytes);
  }

  absl::Status Append(const TokenBlock& block) override;

  void VisitRows(BlockVisitor visitor) const override {
    sinks_.rows().VisitBlocks(visitor);
    recent_.rows().VisitBlocks(visitor);
  }

  int64_t ZeroRows() const override {
    const int64_t visible =
        std::min(tokens_, budget_.sinks) + std::max(int64_t{0}, tokens_ - window_begin_);
    return visible - sinks_.rows().rows() - recent_.rows().rows();
  }

  int64_t tokens() const override { return tokens_; }

  std::vector<SnapshotSection> Sections() const override {
    return {{SectionContent::kRows32, 8 * budget_.Kept(tokens_) * RowBytes(), 8, RowBytes()}};
  }

  absl::Status WriteSection(size_t, ByteSink sink) const override {
    return WriteRows(budget_.Kept(tokens_), RowBytes(), sink,
                     [this](int64_t index, std::string& piece) {
                       const int64_t position = budget_.KeptPosition(index, tokens_);
                       (position < budget_.sinks ? sinks_ : recent_)
                           .AppendSerialized(position, RowBytes(), piece);
                     });
  }

  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override;
  absl::Status EndRestore() override { return section_.End(); }

 private:
  int64_t RowBytes() const { return TokenRows<float>::RowBytes(width()); }

  bool IsVisible(int64_t position, int64_t window_begin) const {
    return position < budget_.sinks || position >= window_begin;
  }

  void Store(int64_t position, absl::Span<const float> row) {
    (position < budget_.sinks ? sinks_ : recent_).Append(position, row);
  }

  Budget budget_;
  int64_t tokens_ = 0;
  // Tokens [budget_.sinks, window_begin_) are evicted. The open scale may reach back
  // further than the window.
  int64_t window_begin_;
  bool scale_closed_ = true;
  PositionedRows sinks_;
  PositionedRows recent_;
  RowSection section_;
  int64_t restored_rows_ = 0;
};

absl::Status StreamingCache::Append(const TokenBlock& block) {
  KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup(), tokens_));
  const int64_t end = tokens_ + block.rows;
  int64_t window_begin = window_begin_;
  if (scale_closed_) window_begin = budget_.WindowBegin(tokens_);
  if (budget_.evicts_before) window_begin = budget_.WindowBegin(end);
  KVWIRE_ASSIGN_OR_RETURN(std::vector<int64_t> stored,
                          StoredRows<float>(block, width(), tokens_));
  stored.erase(
      std::remove_if(stored.begin(), stored.end(),
                     [&](int64_t i) { return !IsVisible(tokens_ + i, window_begin); }),
      stored.end());
  const int64_t held = sinks_.rows().rows() + recent_.rows().rows() -
                       recent_.RowsBefore(window_begin) + static_cast<int64_t>(stored.size());
  KVWIRE_RETURN_IF_ERROR(CheckRows(std::max(held, budget_.Kept(end))));

  recent_.DropBefore(window_begin);
  std::vector<float> row(2 * width());
  for (const int64_t i : stored) {
    LoadRow<float>(block, i, width(), absl::MakeSpan(row));
    Store(tokens_ + i, row);
  }
  tokens_ = end;
  window_begin_ = window_begin;
  scale_closed_ = block.closes_scale;
  return absl::OkStatus();
}

absl::Status StreamingCache::BeginSection(int64_t tokens, SnapshotSection section) {
  KVWIRE_RETURN_IF_ERROR(section_.Begin(section, SectionContent::kRows32, RowBytes()));
  if (section_.rows() != budget_.Kept(tokens)) {
    return absl::DataLossError(absl::StrCat(section_.rows(), " rows where ",
                                            budget_.Kept(tokens), " of ", tokens,
                                            " tokens are kept"));
  }
  tokens_ = tokens;
  window_begin_ = budget_.WindowBegin(tokens);
  return CheckRows(section_.rows());
}

absl::Status StreamingCache::RestoreBytes(std::string_view piece) {
  std::vector<float> row(2 * width());
  return section_.Append(piece, [&](std::string_view bytes) {
    std::memcpy(row.data(), bytes.data(), bytes.size());
    const RowContent content = ContentOf<float>(row);
    const bool zero = std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
    if (content == RowContent::kNotFinite || zero != (content == RowContent::kZero)) {
      return absl::DataLossError(
          absl::StrCat("row ", restored_rows_, " is not finite or a negative zero"));
    }
    if (!zero) Store(budget_.KeptPosition(restored_rows_, tokens_), row);
    ++restored_rows_;
    return absl::OkStatus();
  });
}

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return Budget::FromSpec(spec).status();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const Budget budget, Budget::FromSpec(setup.spec));
  auto cache = std::make_unique<StreamingCache>(setup, budget);
  if (setup.frame.has_value()) {
    KVWIRE_RETURN_IF_ERROR(cache->CheckRows(budget.Kept(setup.frame->rows())));
  }
  return cache;
}

constexpr AlgorithmOption kOptions[] = {
    {"evict", "close", "close: budget enforced when the scale closes; before: at each block"},
    {"sinks", "4", "tokens kept from the beginning of the stream"},
    {"window", "64", "most recent tokens kept"},
};

}  // namespace

KvAlgorithm DescribeStreaming() {
  return {.name = "streaming",
          .code = 4,
          .kind = AlgorithmKind::kEvictor,
          .summary = "StreamingLLM: the first tokens and a window of the last ones",
          .reference = "Xiao, Tian, Chen, Han, Lewis 2023, arXiv 2309.17453",
          .state_bits = "64 d min(n, sinks + window)",
          .options = kOptions,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
