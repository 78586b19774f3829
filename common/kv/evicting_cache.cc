#include "common/kv/evicting_cache.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/kv/evictable_tokens.h"
#include "common/kv/row_cache.h"
#include "common/kv/scale_tokens.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

template <typename Number>
class EvictingCache : public RowCache {
 public:
  EvictingCache(const CacheSetup& setup, std::unique_ptr<const EvictionPolicy> policy)
      : RowCache(setup),
        policy_(std::move(policy)),
        held_(setup, *policy_),
        scale_(setup.dims) {}

  // Checks the memory of what the policy leaves of the frame.
  absl::Status CheckFrame() const {
    if (!setup().frame.has_value()) return absl::OkStatus();
    const int64_t tokens = setup().frame->rows();
    return held_.CheckMemoryOf(std::min(tokens, policy_->most_rows()), 0, tokens);
  }

  absl::Status Append(const TokenBlock& block) override;

  void VisitRows(BlockVisitor visitor) const override { held_.VisitRows(visitor); }
  int64_t ZeroRows() const override { return held_.zeros(); }
  int64_t tokens() const override { return held_.tokens(); }

  std::vector<SnapshotSection> Sections() const override { return held_.Sections(Closed()); }
  absl::Status WriteSection(size_t index, ByteSink sink) const override {
    return held_.WriteSection(index, Closed(), sink);
  }

  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override {
    return held_.BeginSection(tokens, section);
  }
  absl::Status RestoreBytes(std::string_view piece) override {
    return held_.RestoreBytes(piece);
  }
  absl::Status EndRestore() override {
    // Of the empty state, whose sections a wrapper may have asked for.
    closed_.reset();
    return held_.EndRestore();
  }

 private:
  // What closing the scale leaves, decided once for each state: sections ask for it again
  // and again, and so does the next Append.
  const Survivors& Closed() const {
    const std::lock_guard lock(mutex_);
    if (!closed_.has_value()) closed_ = Decide();
    return *closed_;
  }
  Survivors Decide() const;

  std::unique_ptr<const EvictionPolicy> policy_;
  EvictableTokens<Number> held_;
  ScaleTokens scale_;  // of the tokens in held_, those since the last eviction
  bool scale_closed_ = true;

  mutable std::mutex mutex_;
  mutable std::optional<Survivors> closed_;
};

template <typename Number>
absl::Status EvictingCache<Number>::Append(const TokenBlock& block) {
  KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup(), tokens()));
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<int64_t> stored,
                          StoredRows<Number>(block, width(), tokens()));
  std::vector<int64_t> asking;
  if (policy_->needs_scale_queries()) asking = AskingQueries(block, setup().dims);
  const int64_t rows = scale_closed_ ? Closed().Count(held_.rows()) : held_.rows();
  const int64_t queries = scale_closed_ ? 0 : scale_.queries();
  KVWIRE_RETURN_IF_ERROR(held_.CheckMemoryOf(rows + static_cast<int64_t>(stored.size()),
                                             queries + static_cast<int64_t>(asking.size()),
                                             tokens() + block.rows));

  if (scale_closed_) {
    held_.Evict(*std::move(closed_));
    scale_ = ScaleTokens(setup().dims);
  }
  closed_.reset();
  held_.Append(block, stored);
  scale_.Append(block, stored, asking);
  scale_closed_ = block.closes_scale;
  return absl::OkStatus();
}

template <typename Number>
Survivors EvictingCache<Number>::Decide() const {
  if (scale_.tokens() == 0) return {std::nullopt, held_.notes()};
  const auto visit = [this](BlockVisitor visitor) { VisitRows(visitor); };
  return policy_->Close({.tokens = held_.tokens(),
                         .zeros = held_.zeros(),
                         .rows = held_.rows(),
                         .kept = held_.rows() - scale_.rows(),
                         .blocks = visit,
                         .notes = held_.notes(),
                         .scale = scale_,
                         .recent = held_.recent()});
}

template <typename Number>
absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup,
                                                std::unique_ptr<const EvictionPolicy> policy) {
  auto cache = std::make_unique<EvictingCache<Number>>(setup, std::move(policy));
  KVWIRE_RETURN_IF_ERROR(cache->CheckFrame());
  return cache;
}

absl::StatusOr<int> FormatOf(const AlgorithmSpec& spec) {
  return spec.ChoiceOption(kFormatOption.key, {"float32", "float16"});
}

}  // namespace

absl::Status CheckFormatOption(const AlgorithmSpec& spec) { return FormatOf(spec).status(); }

absl::StatusOr<std::unique_ptr<KvCache>> CreateEvictingCache(
    const CacheSetup& setup, std::unique_ptr<const EvictionPolicy> policy) {
  KVWIRE_ASSIGN_OR_RETURN(const int format, FormatOf(setup.spec));
  return format == 0 ? Create<float>(setup, std::move(policy))
                     : Create<Eigen::half>(setup, std::move(policy));
}

}  // namespace kvwire
