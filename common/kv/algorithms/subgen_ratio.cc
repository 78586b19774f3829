#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/block_tokens.h"
#include "common/kv/algorithms/cluster_samples.h"
#include "common/kv/algorithms/count_section.h"
#include "common/kv/algorithms/section_sequence.h"
#include "common/kv/registry.h"
#include "common/kv/row_cache.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

struct RatioOptions {
  double delta = 0;
  int64_t clusters = 0;        // at most, 0 for any number
  int64_t cluster_tokens = 0;  // t

  static absl::StatusOr<RatioOptions> FromSpec(const AlgorithmSpec& spec);
};

absl::StatusOr<RatioOptions> RatioOptions::FromSpec(const AlgorithmSpec& spec) {
  RatioOptions options;
  KVWIRE_ASSIGN_OR_RETURN(options.delta, spec.RealOption("delta", 0.906, 0, 1e6));
  KVWIRE_ASSIGN_OR_RETURN(options.cluster_tokens, spec.IntOption("t", 4, 1, 1 << 20));
  KVWIRE_ASSIGN_OR_RETURN(options.clusters,
                          spec.IntOption("clusters", 0, 0, int64_t{1} << 32));
  return options;
}

// Ours: SubGen's clusters with whole tokens in their reservoirs, one sample S_i of t_i =
// min(t, n_i) tokens a cluster for both sums,
//   out = sum_i n_i/t_i sum_{(k,v) in S_i} e^{<q,k>} v / sum_i n_i/t_i sum_{S_i} e^{<q,k>}.
// What an unlucky sample does to the numerator it does to the denominator too, and the
// answer is an average of values that occurred. Zero tokens weigh e^0 each. SubGen's
// theorem does not cover it: a ratio is biased, and its bias vanishes as t grows.
// Sections: the number of tokens of each cluster; the clusters' centres; their samples,
// cluster by cluster.
class SubgenRatioCache : public RowCache {
 public:
  SubgenRatioCache(const CacheSetup& setup, const RatioOptions& options)
      : RowCache(setup),
        samples_(setup.dims, options.delta, options.clusters, options.cluster_tokens,
                 setup.seed) {}

  absl::Status CheckBytes(int64_t bytes) const {
    return CheckMemory(bytes, setup().memory_limit_bytes);
  }
  int64_t MostBytes(int64_t tokens) const { return samples_.MostBytes(tokens); }

  absl::Status Append(const TokenBlock& block) override {
    KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup(), tokens_));
    const BlockTokens tokens(block, width());
    const GreedyClusters::Plan plan = samples_.Plan(tokens);
    KVWIRE_RETURN_IF_ERROR(CheckBytes(samples_.BytesAfter(plan)));
    samples_.Take(tokens, plan, tokens_);
    tokens_ += block.rows;
    return absl::OkStatus();
  }

  void VisitRows(BlockVisitor visitor) const override { samples_.Visit(visitor); }
  int64_t ZeroRows() const override { return tokens_ - samples_.clusters().keys(); }
  int64_t tokens() const override { return tokens_; }

  std::vector<SnapshotSection> Sections() const override {
    return {CountSectionOf(samples_.clusters().counts().size(), tokens_),
            {SectionContent::kRows32, 8 * Clusters() * KeyBytes(), 8, KeyBytes()},
            {SectionContent::kRows32, 8 * samples_.samples() * RowBytes(), 8, RowBytes()}};
  }

  absl::Status WriteSection(size_t index, ByteSink sink) const override;
  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override;
  absl::Status EndRestore() override;

 private:
  int64_t KeyBytes() const { return width() * int64_t{sizeof(float)}; }
  int64_t RowBytes() const { return 2 * KeyBytes(); }
  int64_t Clusters() const { return samples_.clusters().size(); }
  absl::Status BeginCounts(int64_t tokens, SnapshotSection section);
  absl::Status BeginRows(size_t index, SnapshotSection section);
  absl::Status EndSection(size_t index);

  int64_t tokens_ = 0;
  ClusterSamples samples_;

  SectionSequence restoring_{3};
  CountSection counts_section_;
  RowSection rows_section_;
};

absl::Status SubgenRatioCache::WriteSection(size_t index, ByteSink sink) const {
  if (index == 0) return PackCounts(samples_.clusters().counts(), tokens_).Write(sink);
  if (index == 2) return samples_.WriteSamples(sink);
  const SlotRows& centres = samples_.clusters().centres();
  return WriteRows(Clusters(), KeyBytes(), sink, [&](int64_t row, std::string& piece) {
    centres.AppendSerialized(row, piece);
  });
}

absl::Status SubgenRatioCache::BeginCounts(int64_t tokens, SnapshotSection section) {
  KVWIRE_RETURN_IF_ERROR(
      counts_section_.Begin(tokens, section, samples_.clusters().MostClusters(tokens)));
  const int64_t clusters = counts_section_.groups();
  return CheckBytes(samples_.BytesOf(clusters, clusters));
}

absl::Status SubgenRatioCache::BeginRows(size_t index, SnapshotSection section) {
  const bool centres = index == 1;
  rows_section_ = RowSection();
  KVWIRE_RETURN_IF_ERROR(
      centres ? rows_section_.Begin(section, SectionContent::kRows32, KeyBytes())
              : rows_section_.Begin(section, SectionContent::kRows32, RowBytes()));
  const int64_t due = centres ? Clusters() : samples_.restored_samples();
  if (rows_section_.rows() == due) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(rows_section_.rows(), " rows where ", due, " are due"));
}

absl::Status SubgenRatioCache::BeginSection(int64_t tokens, SnapshotSection section) {
  tokens_ = tokens;
  return restoring_.Next([this](size_t index) { return EndSection(index); },
                         [&](size_t index) {
                           return index == 0 ? BeginCounts(tokens, section)
                                             : BeginRows(index, section);
                         });
}

absl::Status SubgenRatioCache::RestoreBytes(std::string_view piece) {
  const size_t index = restoring_.current();
  if (index == 0) return counts_section_.Append(piece);
  return rows_section_.Append(piece, [&](std::string_view bytes) {
    return index == 1 ? samples_.RestoreCentre(bytes) : samples_.RestoreSample(bytes);
  });
}

absl::Status SubgenRatioCache::EndSection(size_t index) {
  if (index > 0) return rows_section_.End();
  KVWIRE_ASSIGN_OR_RETURN(std::vector<int64_t> counts, counts_section_.End());
  samples_.RestoreCounts(std::move(counts));
  return CheckBytes(samples_.BytesOf(Clusters(), samples_.restored_samples()));
}

absl::Status SubgenRatioCache::EndRestore() {
  return restoring_.Finish([this](size_t index) { return EndSection(index); });
}

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return RatioOptions::FromSpec(spec).status();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const RatioOptions options, RatioOptions::FromSpec(setup.spec));
  auto cache = std::make_unique<SubgenRatioCache>(setup, options);
  if (setup.frame.has_value()) {
    KVWIRE_RETURN_IF_ERROR(cache->CheckBytes(cache->MostBytes(setup.frame->rows())));
  }
  return cache;
}

constexpr AlgorithmOption kOptions[] = {
    {"delta", "0.906", "a key within this distance of a centre joins its cluster"},
    {"t", "4", "tokens kept of each cluster"},
    {"clusters", "0", "most clusters; 0: any number"},
};

}  // namespace

KvAlgorithm DescribeSubgenRatio() {
  return {.name = "subgen-ratio",
          .code = 21,
          .kind = AlgorithmKind::kSketch,
          .summary = "whole tokens sampled from SubGen's clusters, for both sums at once",
          .reference = "ours; clusters of Zandieh et al. 2024, arXiv 2402.06082",
          .state_bits =
              "m clusters, T tokens kept of them, N with the zero ones: 32 (m d + 2 T d) + m "
              "ceil(log2(N + 1))",
          .options = kOptions,
          .attention = AttentionSupport::kOrdinary,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
