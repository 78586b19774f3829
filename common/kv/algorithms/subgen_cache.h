#ifndef KVWIRE_COMMON_KV_ALGORITHMS_SUBGEN_CACHE_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_SUBGEN_CACHE_H_

// The cache of SubGen and its forms for tensor attention: one sketch of the tokens, or one
// of their first factors (k1, v1) and one of their second (k2, v2). It answers
//   z / tau,  z   = sum over sampled tokens mu / (s ||v||^2) e^{<q, k>} v,
//             tau = sum over clusters n_i / t sum over their t keys e^{<q, k>} + zero tokens,
// both unbiased estimates over the coins. With two sketches both sums go over pairs, one of
// each sketch, with k1 o k2 for k, v1 o v2 for v and the product of the weights; the Z zero
// tokens of a stream with R others make Z (2 R + Z) pairs that add e^0 each to tau.
//
// The two sums are drawn independently, so z / tau is not an average of values: where a
// query's weight is on few tokens it can be any factor too large or too small. What goes
// beyond the range of binary32 is answered as its largest number.

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/kv/algorithms/section_sequence.h"
#include "common/kv/algorithms/subgen_sketch.h"
#include "common/kv/kv_cache.h"
#include "common/kv/registry.h"

namespace kvwire {

class SubgenCache : public KvCache {
 public:
  // One sketch in ordinary attention, two in tensor attention. Returns RESOURCE_EXHAUSTED
  // as KvAlgorithm::create.
  static absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup,
                                                         const SubgenOptions& options);

  // O(n clusters d) time for n tokens, besides s + t coins a token.
  absl::Status Append(const TokenBlock& block) override;
  absl::Status Attend(const Eigen::Ref<const Matrix>& queries,
                      Eigen::Ref<Matrix> out) const override;
  int64_t tokens() const override { return tokens_; }
  std::vector<SnapshotSection> Sections() const override;
  absl::Status WriteSection(size_t index, ByteSink sink) const override;
  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override;
  absl::Status EndRestore() override;

 private:
  SubgenCache(const CacheSetup& setup, const SubgenOptions& options);

  // Whose section it is; of these it is number section % SubgenSketch::kSections.
  const SubgenSketch& SketchOf(size_t section) const {
    return sketches_[section / SubgenSketch::kSections];
  }
  SubgenSketch& SketchOf(size_t section) {
    return sketches_[section / SubgenSketch::kSections];
  }
  // Estimates z / e^{log_value_masses} and tau.
  void Estimate(const Eigen::Ref<const Matrix>& queries, Eigen::Ref<Matrix> out,
                std::vector<double>& log_value_masses, std::vector<double>& log_taus) const;
  int64_t ZeroTokens() const { return tokens_ - sketches_.front().tokens(); }
  absl::Status EndSection(size_t index);

  CacheSetup setup_;
  int64_t tokens_ = 0;
  std::vector<SubgenSketch> sketches_;
  SectionSequence restoring_;
};

// The options of SubgenOptions::FromSpec.
absl::Span<const AlgorithmOption> SubgenOptionTable();

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_SUBGEN_CACHE_H_
