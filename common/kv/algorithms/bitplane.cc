#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/bits_section.h"
#include "common/kv/packed_bits.h"
#include "common/kv/registry.h"
#include "common/kv/row_cache.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

// Keeps eight times any length of a section inside 64 bits.
constexpr int64_t kMaxBits = int64_t{1} << 60;

// The encoding that meets the floor of L d bits: the keys are public, so they are
// regenerated, and a value in {0, 1} (or +-1, as the setup says) is one bit. The second
// factors of tensor attention must be all ones. Zero tokens are only counted. Row t is
// the t-th token that is not.
class BitplaneCache : public RowCache {
 public:
  explicit BitplaneCache(const CacheSetup& setup)
      : RowCache(setup),
        dims_(setup.dims),
        block_rows_(std::clamp((int64_t{1} << 18) / width(), int64_t{1}, int64_t{512})),
        frame_(*setup.frame) {}

  absl::Status Append(const TokenBlock& block) override {
    KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup(), tokens_));
    KVWIRE_ASSIGN_OR_RETURN(const std::vector<int64_t> stored,
                            StoredRows<float>(block, width(), tokens_));
    KVWIRE_RETURN_IF_ERROR(CheckKeys(block, stored));
    KVWIRE_RETURN_IF_ERROR(CheckValues(block, stored));
    for (const int64_t row : stored) {
      for (int64_t j = 0; j < dims_; ++j) {
        const bool bit = block.values != nullptr && block.values[row * width() + j] == 1;
        plane_.Put(bit ? 1 : 0, 1);
      }
    }
    tokens_ += block.rows;
    return absl::OkStatus();
  }

  void VisitRows(BlockVisitor visitor) const override;
  int64_t ZeroRows() const override { return tokens_ - rows(); }
  int64_t tokens() const override { return tokens_; }

  std::vector<SnapshotSection> Sections() const override {
    return {{SectionContent::kCodes, plane_.bits(), 1, dims_}};
  }

  absl::Status WriteSection(size_t, ByteSink sink) const override {
    return plane_.Write(sink);
  }

  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override;
  absl::Status EndRestore() override;

 private:
  int64_t rows() const { return plane_.bits() / dims_; }

  absl::Status CheckKeys(const TokenBlock& block, const std::vector<int64_t>& stored) const;
  absl::Status CheckValues(const TokenBlock& block, const std::vector<int64_t>& stored) const;
  // The keys of rows first .. first + count - 1 [count, w].
  void FillKeys(int64_t first, int64_t count, Matrix& keys) const {
    keys.setOnes(count, width());
    Matrix factors(count, dims_);
    frame_.Fill(first, factors);
    keys.leftCols(dims_) = factors;
  }

  int64_t dims_;
  int64_t block_rows_;
  KeyFrame frame_;
  int64_t tokens_ = 0;
  PackedBits plane_;
  BitsSection section_;
  bool begun_ = false;
};

absl::Status BitplaneCache::CheckKeys(const TokenBlock& block,
                                      const std::vector<int64_t>& stored) const {
  const int64_t count = static_cast<int64_t>(stored.size());
  if (count > frame_.rows() - rows()) {
    return absl::FailedPreconditionError(
        absl::StrCat("token ", tokens_ + stored[frame_.rows() - rows()],
                     " is one more than the public frame's ", frame_.rows(), " keys"));
  }
  Matrix keys;
  for (int64_t first = 0; first < count; first += block_rows_) {
    FillKeys(rows() + first, std::min(block_rows_, count - first), keys);
    for (int64_t i = 0; i < keys.rows(); ++i) {
      const int64_t row = stored[first + i];
      if (block.keys != nullptr &&
          std::equal(keys.row(i).begin(), keys.row(i).end(), block.keys + row * width())) {
        continue;
      }
      return absl::FailedPreconditionError(
          absl::StrCat("token ", tokens_ + row, " does not carry key ", rows() + first + i,
                       " of the public frame"));
    }
  }
  return absl::OkStatus();
}

absl::Status BitplaneCache::CheckValues(const TokenBlock& block,
                                        const std::vector<int64_t>& stored) const {
  const float zero = ValueOfBit(setup().encoding, false);
  // A null pointer stands for zeros, which are the bits 0 of {0, 1} only.
  if (block.values == nullptr && (stored.empty() || (zero == 0 && width() == dims_))) {
    return absl::OkStatus();
  }
  for (const int64_t row : stored) {
    for (int64_t j = 0; j < width(); ++j) {
      const float value = block.values == nullptr ? 0 : block.values[row * width() + j];
      if (value == 1 || (j < dims_ && value == zero)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("token ", tokens_ + row, " has a value of ", value, ", not ",
                       j < dims_ ? absl::StrCat(zero, " or ") : "", "1"));
    }
  }
  return absl::OkStatus();
}

void BitplaneCache::VisitRows(BlockVisitor visitor) const {
  Matrix keys;
  Matrix values;
  for (int64_t first = 0; first < rows(); first += block_rows_) {
    const int64_t count = std::min(block_rows_, rows() - first);
    FillKeys(first, count, keys);
    values.setOnes(count, width());
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t j = 0; j < dims_; ++j) {
        values(i, j) =
            ValueOfBit(setup().encoding, plane_.Get((first + i) * dims_ + j, 1) != 0);
      }
    }
    visitor(
        {MatrixView(keys.data(), count, width()), MatrixView(values.data(), count, width())});
  }
}

absl::Status BitplaneCache::BeginSection(int64_t tokens, SnapshotSection section) {
  if (begun_) return absl::DataLossError("a second section where one is due");
  begun_ = true;
  KVWIRE_RETURN_IF_ERROR(section_.Begin(section, SectionContent::kCodes));
  const int64_t most_bits = std::min(tokens, frame_.rows()) * dims_;
  if (section.bits > most_bits || section.bits % dims_ != 0) {
    return absl::DataLossError(absl::StrCat("a section of ", section.bits,
                                            " bits does not hold whole rows of ", dims_,
                                            " bits, at most ", most_bits / dims_));
  }
  tokens_ = tokens;
  return absl::OkStatus();
}

absl::Status BitplaneCache::RestoreBytes(std::string_view piece) {
  return section_.Append(piece, plane_);
}

absl::Status BitplaneCache::EndRestore() {
  if (!begun_) return absl::DataLossError("the section of bits is missing");
  return section_.End(plane_);
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  if (!setup.frame.has_value()) {
    return absl::FailedPreconditionError(
        "algorithm bitplane regenerates its keys from a public frame; there is none");
  }
  // No state is larger than that of the whole frame, so that no later check is due.
  const int64_t bits = SaturatingProduct(setup.frame->rows(), setup.dims);
  KVWIRE_RETURN_IF_ERROR(
      CheckMemory(bits < kMaxBits ? (bits + 7) / 8 : bits, setup.memory_limit_bytes));
  return std::make_unique<BitplaneCache>(setup);
}

}  // namespace

KvAlgorithm DescribeBitplane() {
  return {.name = "bitplane",
          .code = 3,
          .summary = "values at 1 bit, keys regenerated from the public frame",
          .reference = "baseline: meets the floor of L d bits",
          .state_bits = "n d",
          .keys_by_place = true,
          .create = Create};
}

}  // namespace kvwire
