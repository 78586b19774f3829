#ifndef KVWIRE_COMMON_KV_WINDOW_CACHE_H_
#define KVWIRE_COMMON_KV_WINDOW_CACHE_H_

// Around a cache that rounds every token: the first tokens of the stream (attention sinks)
// and its most recent ones as they are, and what leaves the window of recent ones handed to
// the inner cache at once, in order. Zero tokens take no place among them: the inner cache
// counts all zero tokens of the stream.
//
// The first section holds the sinks, then the recent tokens; the sections of the inner
// cache follow, whose tokens are the stream's less the rows of the first section.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/kv/row_cache.h"
#include "common/kv/token_rows.h"

namespace kvwire {

struct WindowSize {
  int64_t sinks = 0;   // S
  int64_t recent = 0;  // R, S + R > 0
};

// Where the tokens of a block go that are not zero, by their place among them: the first
// ones to the sinks, the last ones to the window, those between to the inner cache.
struct WindowSplit {
  int64_t sinks = 0;
  int64_t handed = 0;

  bool ToSinks(int64_t place) const { return place < sinks; }
  bool ToInner(int64_t place) const { return !ToSinks(place) && place < sinks + handed; }
};

// Number, of the tokens kept here, is float or Eigen::half.
template <typename Number>
class WindowCache : public RowCache {
 public:
  // `inner` is new and takes any tokens in any order: no evictor, for its policy would
  // see tokens late and without their queries. Returns INVALID_ARGUMENT if its state is no
  // set of tokens, RESOURCE_EXHAUSTED as KvAlgorithm::create.
  static absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup,
                                                         const WindowSize& size,
                                                         std::unique_ptr<KvCache> inner);

  absl::Status Append(const TokenBlock& block) override;
  int64_t tokens() const override { return kept() + inner_->tokens(); }
  std::vector<SnapshotSection> Sections() const override;
  absl::Status WriteSection(size_t index, ByteSink sink) const override;
  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override;
  absl::Status EndRestore() override;
  void VisitRows(BlockVisitor visitor) const override;
  int64_t ZeroRows() const override { return inner_rows_->ZeroRows(); }
  absl::Status CheckRow(absl::Span<const float> key,
                        absl::Span<const float> value) const override;
  int64_t PeakBytes(int64_t rows) const override;

 private:
  WindowCache(const CacheSetup& setup, const WindowSize& size, std::unique_ptr<KvCache> inner);

  int64_t kept() const { return sinks_.rows() + recent_.rows(); }
  int64_t RowBytes() const { return TokenRows<Number>::RowBytes(width()); }
  // All tokens that are not zero.
  int64_t rows() const { return kept() + inner_->tokens() - inner_rows_->ZeroRows(); }

  // CheckRow of a token [2 w] that is rounded already.
  absl::Status CheckRounded(absl::Span<const Number> row) const;
  // How many tokens of a finite block are not zero, rounded, or what is wrong with one.
  absl::StatusOr<int64_t> CountStored(const TokenBlock& block) const;
  // Hands the oldest `left` tokens of the window to the inner cache, and after them those
  // of the block that go there.
  absl::Status HandOver(const TokenBlock& block, const WindowSplit& split, int64_t left);
  absl::Status BeginKept(int64_t tokens, SnapshotSection section);

  WindowSize size_;
  std::unique_ptr<KvCache> inner_;
  const RowCache* inner_rows_;  // the same
  TokenRows<Number> sinks_;
  TokenRows<Number> recent_;
  RowSection section_;
  int64_t announced_sections_ = 0;  // of a snapshot
  int64_t announced_bits_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_WINDOW_CACHE_H_
