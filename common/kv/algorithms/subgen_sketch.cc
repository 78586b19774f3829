#include "common/kv/algorithms/subgen_sketch.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/little_endian.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/weighted_rows.h"

namespace kvwire {
namespace {

constexpr uint64_t kKeyUse = 0x7379656b67627573;      // "subgkeys"
constexpr uint64_t kValueUse = 0x736c617667627573;    // "subgvals"
constexpr int64_t kCountBytes = 2 * sizeof(int64_t);  // a cluster's, and when restored

}  // namespace

absl::StatusOr<SubgenOptions> SubgenOptions::FromSpec(const AlgorithmSpec& spec) {
  SubgenOptions options;
  KVWIRE_ASSIGN_OR_RETURN(options.delta, spec.RealOption("delta", 0.906, 0, 1e6));
  KVWIRE_ASSIGN_OR_RETURN(options.clusters,
                          spec.IntOption("clusters", 0, 0, int64_t{1} << 32));
  KVWIRE_ASSIGN_OR_RETURN(options.cluster_keys, spec.IntOption("t", 4, 1, 1 << 20));
  KVWIRE_ASSIGN_OR_RETURN(options.value_samples, spec.IntOption("s", 64, 1, 1 << 24));
  return options;
}

SubgenSketch::SubgenSketch(const SubgenOptions& options, int64_t dims, int64_t first,
                           uint64_t seed, uint64_t use)
    : options_(options),
      dims_(dims),
      first_(first),
      key_randomness_(seed, kKeyUse + use),
      clusters_(dims, options.delta, options.clusters),
      keys_(dims),
      values_(options.value_samples, dims, seed, kValueUse + use) {}

int64_t SubgenSketch::BytesOfTokens(int64_t tokens) const {
  return BytesOfClusters(clusters_.MostClusters(tokens));
}

int64_t SubgenSketch::BytesOfClusters(int64_t clusters) const {
  if (clusters == 0) return 0;
  const int64_t cluster_bytes = (1 + options_.cluster_keys) * keys_.row_bytes() + kCountBytes;
  return SaturatingSum(SaturatingProduct(clusters, cluster_bytes),
                       options_.value_samples * values_.rows().row_bytes());
}

void SubgenSketch::Take(const BlockTokens& tokens, const GreedyClusters::Plan& plan,
                        int64_t position) {
  const int64_t t = options_.cluster_keys;
  for (int64_t i = 0; i < tokens.size(); ++i) {
    const int64_t token = position + tokens.row(i);
    const int64_t cluster = plan.cluster_of[static_cast<size_t>(i)];
    const auto key = tokens.key(i).subspan(first_, dims_);
    clusters_.Add(cluster, key);
    // A new cluster's only key is all of its samples.
    const double probability = 1 / static_cast<double>(clusters_.count(cluster));
    for (int64_t slot = 0; slot < t; ++slot) {
      if (probability == 1) {
        keys_.Append(key);
      } else if (key_randomness_.Uniform(token, slot) < probability) {
        keys_.Replace(cluster * t + slot, key);
      }
    }
    values_.Take(token, key, tokens.value(i).subspan(first_, dims_));
  }
}

void SubgenSketch::VisitValues(BlockVisitor visitor) const {
  WeightedRows rows(dims_, visitor);
  for (int64_t slot = 0; slot < values_.rows().rows(); ++slot) {
    rows.Add(values_.key(slot), values_.value(slot), values_.LogWeight(slot));
  }
  rows.Finish();
}

void SubgenSketch::VisitKeys(BlockVisitor visitor) const {
  const int64_t t = options_.cluster_keys;
  WeightedRows rows(dims_, visitor);
  for (int64_t cluster = 0; cluster < clusters_.size(); ++cluster) {
    const double log_weight =
        std::log(static_cast<double>(clusters_.count(cluster)) / static_cast<double>(t));
    for (int64_t slot = 0; slot < t; ++slot) {
      rows.Add(keys_.row(cluster * t + slot), {}, log_weight);
    }
  }
  rows.Finish();
}

SnapshotSection SubgenSketch::KeysSection() const {
  const int64_t rows = clusters_.size() * (1 + options_.cluster_keys);
  return {SectionContent::kRows32, 8 * rows * keys_.row_bytes(), 8, keys_.row_bytes()};
}

std::vector<SnapshotSection> SubgenSketch::Sections(int64_t tokens) const {
  const int64_t row_bytes = values_.rows().row_bytes();
  const int64_t sums = has_values() ? 1 : 0;
  return {
      CountSectionOf(clusters_.counts().size(), tokens),
      KeysSection(),
      {SectionContent::kSums, 64 * sums, 8, sizeof(double)},
      {SectionContent::kRows32, 8 * sums * options_.value_samples * row_bytes, 8, row_bytes}};
}

void SubgenSketch::AppendKey(int64_t index, std::string& out) const {
  const int64_t cluster = index / (1 + options_.cluster_keys);
  const int64_t slot = index % (1 + options_.cluster_keys) - 1;
  if (slot < 0) {
    clusters_.centres().AppendSerialized(cluster, out);
  } else {
    keys_.AppendSerialized(cluster * options_.cluster_keys + slot, out);
  }
}

absl::Status SubgenSketch::WriteSection(size_t index, int64_t tokens, ByteSink sink) const {
  if (index == 0) return PackCounts(clusters_.counts(), tokens).Write(sink);
  if (index == 1) {
    return WriteRows(clusters_.size() * (1 + options_.cluster_keys), keys_.row_bytes(), sink,
                     [this](int64_t key, std::string& piece) { AppendKey(key, piece); });
  }
  if (index == 2) {
    return WriteRows(has_values() ? 1 : 0, sizeof(double), sink,
                     [this](int64_t, std::string& piece) {
                       AppendLittleEndian(values_.norm_sum(), piece);
                     });
  }
  return WriteRows(values_.rows().rows(), values_.rows().row_bytes(), sink,
                   [this](int64_t slot, std::string& piece) {
                     values_.rows().AppendSerialized(slot, piece);
                   });
}

absl::Status SubgenSketch::BeginRows(SnapshotSection section, int64_t row_bytes) {
  const SnapshotSection due = Sections(0)[restoring_];
  rows_section_ = RowSection();
  KVWIRE_RETURN_IF_ERROR(rows_section_.Begin(section, due.content, row_bytes));
  // Whether any value was sampled is for the snapshot to say; the rest follows.
  const bool may_be_absent = restoring_ == 2 && clusters_.size() > 0;
  if (section.bits == due.bits || (may_be_absent && section.bits == 64)) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat("a section of ", section.bits, " bits where ", due.bits, " are due"));
}

absl::Status SubgenSketch::BeginSection(size_t index, int64_t tokens,
                                        SnapshotSection section) {
  restoring_ = index;
  if (index == 0) {
    return counts_section_.Begin(tokens, section, clusters_.MostClusters(tokens));
  }
  if (index == 1) return BeginRows(section, keys_.row_bytes());
  return BeginRows(section, index == 2 ? int64_t{sizeof(double)} : values_.rows().row_bytes());
}

absl::Status SubgenSketch::RestoreBytes(std::string_view piece) {
  if (restoring_ == 0) return counts_section_.Append(piece);
  return rows_section_.Append(piece,
                              [this](std::string_view bytes) { return RestoreRow(bytes); });
}

absl::Status SubgenSketch::RestoreRow(std::string_view bytes) {
  if (restoring_ == 1) return RestoreKey(bytes);
  if (restoring_ == 2) return values_.RestoreNormSum(LoadLittleEndian<double>(bytes.data()));
  return values_.RestoreRow(bytes);
}

absl::Status SubgenSketch::RestoreKey(std::string_view bytes) {
  const int64_t cluster = restored_keys_ / (1 + options_.cluster_keys);
  const bool centre = restored_keys_ % (1 + options_.cluster_keys) == 0;
  ++restored_keys_;
  SlotRows& rows = centre ? clusters_.restored_centres() : keys_;
  KVWIRE_RETURN_IF_ERROR(rows.AppendParsed(bytes));
  std::string its_centre;
  clusters_.centres().AppendSerialized(cluster, its_centre);
  if (clusters_.count(cluster) > 1 || bytes == its_centre) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("cluster ", cluster, " of one token has two different keys"));
}

absl::Status SubgenSketch::EndSection() {
  if (restoring_ > 0) return rows_section_.End();
  KVWIRE_ASSIGN_OR_RETURN(std::vector<int64_t> counts, counts_section_.End());
  clusters_.SetCounts(std::move(counts));
  return absl::OkStatus();
}

}  // namespace kvwire
