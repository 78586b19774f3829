#include "common/kv/algorithms/subgen_cache.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/attention/pair_attention.h"
#include "common/base/status_macros.h"
#include "common/kv/score_scale.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

constexpr double kLargestNumber = std::numeric_limits<float>::max();
// e to this power, times the largest float, is within the range of double.
constexpr double kLargestExponent = 600;

constexpr AlgorithmOption kOptions[] = {
    {"delta", "0.906", "a key within this distance of a centre joins its cluster"},
    {"t", "4", "keys kept of each cluster"},
    {"s", "64", "tokens kept for their values"},
    {"clusters", "0", "most clusters, past which there is no guarantee; 0: any number"},
};

int64_t Factors(const CacheSetup& setup) { return setup.row_width() / setup.dims; }

// ln(e^a + count).
double LogAdd(double a, double count) {
  if (count == 0) return a;
  const double b = std::log(count);
  const double top = std::max(a, b);
  return top + std::log(std::exp(a - top) + std::exp(b - top));
}

}  // namespace

absl::Span<const AlgorithmOption> SubgenOptionTable() { return kOptions; }

SubgenCache::SubgenCache(const CacheSetup& setup, const SubgenOptions& options)
    : setup_(setup),
      restoring_(SubgenSketch::kSections * static_cast<size_t>(Factors(setup))) {
  for (int64_t factor = 0; factor < Factors(setup); ++factor) {
    sketches_.emplace_back(options, setup.dims, factor * setup.dims, setup.seed,
                           static_cast<uint64_t>(factor));
  }
}

absl::StatusOr<std::unique_ptr<KvCache>> SubgenCache::Create(const CacheSetup& setup,
                                                             const SubgenOptions& options) {
  auto cache = std::unique_ptr<SubgenCache>(new SubgenCache(setup, options));
  if (setup.frame.has_value()) {
    int64_t bytes = 0;
    for (const SubgenSketch& sketch : cache->sketches_) {
      bytes = SaturatingSum(bytes, sketch.BytesOfTokens(setup.frame->rows()));
    }
    KVWIRE_RETURN_IF_ERROR(CheckMemory(bytes, setup.memory_limit_bytes));
  }
  return cache;
}

absl::Status SubgenCache::Append(const TokenBlock& block) {
  KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup_, tokens_));
  const BlockTokens tokens(block, setup_.row_width());
  std::vector<GreedyClusters::Plan> plans;
  int64_t bytes = 0;
  for (const SubgenSketch& sketch : sketches_) {
    plans.push_back(sketch.Plan(tokens));
    bytes = SaturatingSum(bytes, sketch.BytesOfClusters(plans.back().clusters));
  }
  KVWIRE_RETURN_IF_ERROR(CheckMemory(bytes, setup_.memory_limit_bytes));
  for (size_t i = 0; i < sketches_.size(); ++i) sketches_[i].Take(tokens, plans[i], tokens_);
  tokens_ += block.rows;
  return absl::OkStatus();
}

void SubgenCache::Estimate(const Eigen::Ref<const Matrix>& queries,
                           // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
                           Eigen::Ref<Matrix> out, std::vector<double>& log_value_masses,
                           std::vector<double>& log_taus) const {
  const SubgenSketch& first = sketches_.front();
  const SubgenSketch& second = sketches_.back();
  const auto zeros = static_cast<double>(ZeroTokens());
  const auto values = [&](BlockVisitor visitor) { first.VisitValues(visitor); };
  const auto keys = [&](BlockVisitor visitor) { first.VisitKeys(visitor); };
  Matrix unused(queries.rows(), queries.cols());
  if (sketches_.size() == 1) {
    SoftmaxAttentionWithMass(queries, values, 0, out, absl::MakeSpan(log_value_masses));
    SoftmaxAttentionWithMass(queries, keys, 0, unused, absl::MakeSpan(log_taus));
    for (double& log_tau : log_taus) log_tau = LogAdd(log_tau, zeros);
    return;
  }
  const auto second_values = [&](BlockVisitor visitor) { second.VisitValues(visitor); };
  const auto second_keys = [&](BlockVisitor visitor) { second.VisitKeys(visitor); };
  PairAttentionWithMass(queries, values, second_values, out, absl::MakeSpan(log_value_masses));
  PairAttentionWithMass(queries, keys, second_keys, unused, absl::MakeSpan(log_taus));
  const double zero_pairs = zeros * (2 * static_cast<double>(first.tokens()) + zeros);
  for (double& log_tau : log_taus) log_tau = LogAdd(log_tau, zero_pairs);
}

absl::Status SubgenCache::Attend(const Eigen::Ref<const Matrix>& queries,
                                 // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
                                 Eigen::Ref<Matrix> out) const {
  KVWIRE_RETURN_IF_ERROR(CheckAttend(tokens_, setup_.dims, queries, out));
  for (const SubgenSketch& sketch : sketches_) {
    if (sketch.has_values()) continue;
    out.setZero();
    return absl::OkStatus();
  }
  KVWIRE_ASSIGN_OR_RETURN(const double scale, ScoreScale(setup_.spec, setup_.dims));
  const Matrix scaled = queries * static_cast<float>(scale);
  std::vector<double> log_value_masses(static_cast<size_t>(queries.rows()));
  std::vector<double> log_taus(log_value_masses.size());
  Estimate(scaled, out, log_value_masses, log_taus);
  for (int64_t q = 0; q < queries.rows(); ++q) {
    const double factor =
        std::exp(std::min(log_value_masses[q] - log_taus[q], kLargestExponent));
    for (float& number : out.row(q)) {
      number =
          static_cast<float>(std::clamp(number * factor, -kLargestNumber, kLargestNumber));
    }
  }
  return CheckAnswer(out);
}

std::vector<SnapshotSection> SubgenCache::Sections() const {
  std::vector<SnapshotSection> sections;
  for (const SubgenSketch& sketch : sketches_) {
    for (const SnapshotSection& section : sketch.Sections(tokens_)) {
      sections.push_back(section);
    }
  }
  return sections;
}

absl::Status SubgenCache::WriteSection(size_t index, ByteSink sink) const {
  return SketchOf(index).WriteSection(index % SubgenSketch::kSections, tokens_, sink);
}

absl::Status SubgenCache::BeginSection(int64_t tokens, SnapshotSection section) {
  tokens_ = tokens;
  KVWIRE_RETURN_IF_ERROR(restoring_.Next(
      [this](size_t index) { return EndSection(index); },
      [&](size_t index) {
        return SketchOf(index).BeginSection(index % SubgenSketch::kSections, tokens, section);
      }));
  int64_t bytes = 0;
  for (const SubgenSketch& sketch : sketches_) {
    bytes = SaturatingSum(bytes, sketch.restored_bytes());
  }
  return CheckMemory(bytes, setup_.memory_limit_bytes);
}

absl::Status SubgenCache::RestoreBytes(std::string_view piece) {
  return SketchOf(restoring_.current()).RestoreBytes(piece);
}

absl::Status SubgenCache::EndSection(size_t index) { return SketchOf(index).EndSection(); }

absl::Status SubgenCache::EndRestore() {
  KVWIRE_RETURN_IF_ERROR(
      restoring_.Finish([this](size_t index) { return EndSection(index); }));
  if (sketches_.front().tokens() == sketches_.back().tokens()) return absl::OkStatus();
  return absl::DataLossError("the sketches of the two factors count different tokens");
}

}  // namespace kvwire
