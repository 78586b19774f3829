#include <memory>
#include <string_view>
#include <vector>

#include "common/base/status_macros.h"
#include "common/kv/registry.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

// Answers every query with zeros and remembers nothing. It meets the error norm that
// SubGen and the tensor paper guarantee, eps ||softmax||_2 ||V||_op, with eps = 1: a
// compressor whose eps is not well below 1 has shown nothing. One section of no bits
// brings the container's token count, which tells an empty cache from others.
class ZeroCache : public KvCache {
 public:
  explicit ZeroCache(const CacheSetup& setup) : setup_(setup) {}

  absl::Status Append(const TokenBlock& block) override {
    KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup_, tokens_));
    tokens_ += block.rows;
    return absl::OkStatus();
  }

  absl::Status Attend(const Eigen::Ref<const Matrix>& queries,
                      // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
                      Eigen::Ref<Matrix> out) const override {
    KVWIRE_RETURN_IF_ERROR(CheckAttend(tokens_, setup_.dims, queries, out));
    out.setZero();
    return absl::OkStatus();
  }

  int64_t tokens() const override { return tokens_; }

  std::vector<SnapshotSection> Sections() const override {
    return {{SectionContent::kSums, 0}};
  }

  absl::Status WriteSection(size_t, ByteSink) const override { return absl::OkStatus(); }

  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override {
    KVWIRE_RETURN_IF_ERROR(section_.Begin(section, SectionContent::kSums, 1));
    if (section_.rows() > 0) return absl::DataLossError("bits of a state that has none");
    tokens_ = tokens;
    return absl::OkStatus();
  }

  absl::Status RestoreBytes(std::string_view piece) override {
    return section_.Append(piece, [](std::string_view) { return absl::OkStatus(); });
  }

  absl::Status EndRestore() override { return section_.End(); }

 private:
  CacheSetup setup_;
  int64_t tokens_ = 0;
  RowSection section_;
};

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  return std::make_unique<ZeroCache>(setup);
}

}  // namespace

KvAlgorithm DescribeZero() {
  return {.name = "zero",
          .code = 19,
          .summary = "answers zero: no state at all",
          .reference = "baseline: meets the error norm of SubGen with eps = 1",
          .state_bits = "0",
          .create = Create};
}

}  // namespace kvwire
