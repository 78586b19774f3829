#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/little_endian.h"
#include "common/base/status_macros.h"
#include "common/kv/registry.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

constexpr double kLargestNumber = std::numeric_limits<float>::max();

// Answers every query with the mean of all values, zero tokens included: attention that
// cannot tell keys apart. In tensor attention the mean over all pairs v1_a o v2_b is the
// product of the means of v1 and v2, so nothing is lost there either. The state is one
// sum a number, in double, in the order of the tokens, and none before the first token.
class MeanCache : public KvCache {
 public:
  explicit MeanCache(const CacheSetup& setup) : setup_(setup) {}

  absl::Status CheckSums() const {
    return CheckMemory(SaturatingProduct(setup_.row_width(), sizeof(double)),
                       setup_.memory_limit_bytes);
  }

  absl::Status Append(const TokenBlock& block) override;
  absl::Status Attend(const Eigen::Ref<const Matrix>& queries,
                      Eigen::Ref<Matrix> out) const override;

  int64_t tokens() const override { return tokens_; }

  std::vector<SnapshotSection> Sections() const override {
    return {{SectionContent::kSums, 64 * SumsOf(tokens_), 8, sizeof(double)}};
  }

  absl::Status WriteSection(size_t, ByteSink sink) const override {
    return WriteRows(SumsOf(tokens_), sizeof(double), sink,
                     [this](int64_t j, std::string& piece) {
                       AppendLittleEndian(sums_[static_cast<size_t>(j)], piece);
                     });
  }

  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override;
  absl::Status EndRestore() override { return section_.End(); }

 private:
  int64_t SumsOf(int64_t tokens) const { return tokens > 0 ? setup_.row_width() : 0; }
  double Mean(int64_t j) const {
    return sums_[static_cast<size_t>(j)] / static_cast<double>(tokens_);
  }

  CacheSetup setup_;
  int64_t tokens_ = 0;
  std::vector<double> sums_;  // [w]; none before the first token
  RowSection section_;
};

absl::Status MeanCache::Append(const TokenBlock& block) {
  KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup_, tokens_));
  if (block.rows == 0) return absl::OkStatus();
  KVWIRE_RETURN_IF_ERROR(CheckSums());
  sums_.resize(setup_.row_width());
  if (block.values != nullptr) {
    const float* value = block.values;
    for (int64_t i = 0; i < block.rows; ++i) {
      for (double& sum : sums_) sum += double{*value++};
    }
  }
  tokens_ += block.rows;
  return absl::OkStatus();
}

absl::Status MeanCache::Attend(const Eigen::Ref<const Matrix>& queries,
                               // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
                               Eigen::Ref<Matrix> out) const {
  KVWIRE_RETURN_IF_ERROR(CheckAttend(tokens_, setup_.dims, queries, out));
  for (int64_t j = 0; j < setup_.dims; ++j) {
    double mean = Mean(j);
    if (setup_.attention == AttentionKind::kTensor) mean *= Mean(setup_.dims + j);
    // Rounding must not turn a mean of finite numbers into an infinity.
    out.col(j).setConstant(
        static_cast<float>(std::clamp(mean, -kLargestNumber, kLargestNumber)));
  }
  return absl::OkStatus();
}

absl::Status MeanCache::BeginSection(int64_t tokens, SnapshotSection section) {
  KVWIRE_RETURN_IF_ERROR(section_.Begin(section, SectionContent::kSums, sizeof(double)));
  if (section_.rows() != SumsOf(tokens)) {
    return absl::DataLossError(
        absl::StrCat(section_.rows(), " sums where ", SumsOf(tokens), " are due"));
  }
  tokens_ = tokens;
  return CheckSums();
}

absl::Status MeanCache::RestoreBytes(std::string_view piece) {
  return section_.Append(piece, [this](std::string_view bytes) {
    const auto sum = LoadLittleEndian<double>(bytes.data());
    // Twice, because rounding may have carried a sum beyond the product.
    const double most = 2 * kLargestNumber * static_cast<double>(tokens_);
    if (!(std::abs(sum) <= most) || (sum == 0 && std::signbit(sum))) {
      return absl::DataLossError(
          absl::StrCat("sum ", sums_.size(), " is none of ", tokens_, " tokens"));
    }
    sums_.push_back(sum);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  auto cache = std::make_unique<MeanCache>(setup);
  if (setup.frame.has_value()) KVWIRE_RETURN_IF_ERROR(cache->CheckSums());
  return cache;
}

}  // namespace

KvAlgorithm DescribeMean() {
  return {.name = "mean",
          .code = 18,
          .summary = "answers the mean of all values",
          .reference = "baseline",
          .state_bits = "64 d",
          .create = Create};
}

}  // namespace kvwire
