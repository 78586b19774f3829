#include "common/kv/frame_bits_cache.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/parallel.h"
#include "common/base/status_macros.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

// Keeps eight times any length of a section inside 64 bits.
constexpr int64_t kMaxBits = int64_t{1} << 60;

// That a thread fills at once.
constexpr int64_t kPartRows = 32;

}  // namespace

absl::Status FrameBitsCache::CheckSetup(const CacheSetup& setup, int64_t work_bytes) {
  if (!setup.frame.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat("algorithm ", setup.spec.name(),
                     " regenerates its keys from a public frame; there is none"));
  }
  const int64_t bits = SaturatingProduct(setup.frame->rows(), setup.dims);
  const int64_t bytes = bits < kMaxBits ? (bits + 7) / 8 : bits;
  return CheckMemory(SaturatingSum(bytes, work_bytes), setup.memory_limit_bytes);
}

FrameBitsCache::FrameBitsCache(const CacheSetup& setup)
    : RowCache(setup),
      block_rows_(std::clamp((int64_t{1} << 18) / width(), int64_t{1}, int64_t{512})),
      frame_(*setup.frame) {}

absl::Status FrameBitsCache::Append(const TokenBlock& block) {
  KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup(), tokens_));
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<int64_t> stored,
                          StoredRows<float>(block, width(), tokens_));
  KVWIRE_RETURN_IF_ERROR(CheckKeys(block, stored));
  KVWIRE_RETURN_IF_ERROR(CheckValues(block, stored));
  std::vector<uint8_t> bits(static_cast<size_t>(dims()));
  for (const int64_t row : stored) {
    for (int64_t j = 0; j < dims(); ++j) {
      const bool bit = block.values != nullptr && block.values[row * width() + j] == 1;
      bits[static_cast<size_t>(j)] = bit ? 1 : 0;
    }
    TakeRow(bits);
  }
  tokens_ += block.rows;
  return absl::OkStatus();
}

// A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
void FrameBitsCache::FillKeys(int64_t first, Eigen::Ref<Matrix> keys) const {
  frame_.Fill(first, keys.leftCols(dims()));
  keys.rightCols(width() - dims()).setOnes();
}

void FrameBitsCache::FillValues(const PackedBits& bits, int64_t first,
                                // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
                                Eigen::Ref<Matrix> values) const {
  for (int64_t i = 0; i < values.rows(); ++i) {
    for (int64_t j = 0; j < dims(); ++j) {
      values(i, j) = ValueOfBit(setup().encoding, bits.Get((first + i) * dims() + j, 1) != 0);
    }
  }
  values.rightCols(width() - dims()).setOnes();
}

absl::Status FrameBitsCache::CheckKeys(const TokenBlock& block,
                                       const std::vector<int64_t>& stored) const {
  const int64_t count = static_cast<int64_t>(stored.size());
  if (count > frame_.rows() - rows()) {
    return absl::FailedPreconditionError(
        absl::StrCat("token ", tokens_ + stored[frame_.rows() - rows()],
                     " is one more than the public frame's ", frame_.rows(), " keys"));
  }
  Matrix keys;
  for (int64_t first = 0; first < count; first += block_rows_) {
    keys.resize(std::min(block_rows_, count - first), width());
    FillKeys(rows() + first, keys);
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

absl::Status FrameBitsCache::CheckValues(const TokenBlock& block,
                                         const std::vector<int64_t>& stored) const {
  const float zero = ValueOfBit(setup().encoding, false);
  // A null pointer stands for zeros, which are the bits 0 of {0, 1} only.
  if (block.values == nullptr && (stored.empty() || (zero == 0 && width() == dims()))) {
    return absl::OkStatus();
  }
  for (const int64_t row : stored) {
    for (int64_t j = 0; j < width(); ++j) {
      const float value = block.values == nullptr ? 0 : block.values[row * width() + j];
      if (value == 1 || (j < dims() && value == zero)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("token ", tokens_ + row, " has a value of ", value, ", not ",
                       j < dims() ? absl::StrCat(zero, " or ") : "", "1"));
    }
  }
  return absl::OkStatus();
}

void FrameBitsCache::VisitRows(BlockVisitor visitor) const {
  int64_t first = 0;
  VisitBits([&](const PackedBits& bits) {
    VisitPiece(first, bits, visitor);
    first += bits.bits() / dims();
  });
}

void FrameBitsCache::VisitPiece(int64_t first, const PackedBits& bits,
                                BlockVisitor visitor) const {
  const int64_t rows = bits.bits() / dims();
  Matrix keys;
  Matrix values;
  for (int64_t done = 0; done < rows; done += block_rows_) {
    const int64_t count = std::min(block_rows_, rows - done);
    keys.resize(count, width());
    values.resize(count, width());
    // Drawing the keys takes longest.
    ParallelFor((count + kPartRows - 1) / kPartRows, [&](int64_t part) {
      const int64_t start = part * kPartRows;
      const int64_t part_rows = std::min(kPartRows, count - start);
      FillKeys(first + done + start, keys.middleRows(start, part_rows));
      FillValues(bits, done + start, values.middleRows(start, part_rows));
    });
    visitor(
        {MatrixView(keys.data(), count, width()), MatrixView(values.data(), count, width())});
  }
}

}  // namespace kvwire
