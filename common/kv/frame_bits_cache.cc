#include "common/kv/frame_bits_cache.h"

#include <algorithm>
#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/parallel.h"
#include "common/base/status_macros.h"
#include "common/base/wide_loop.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

// Keeps eight times any length of a section inside 64 bits.
constexpr int64_t kMaxBits = int64_t{1} << 60;

// That a thread fills at once.
constexpr int64_t kPartRows = 32;

// Rows that one thread looks at one after the other.
constexpr int64_t kRowsAtOnce = 64;

// Rows whose keys are computed together, and stay in a cache until they have been compared.
constexpr int64_t kFilledRows = 32;

// The loops below run to the end whatever they find: many numbers at once.

// Whether `key`, or zeros, is `wanted`.
bool Carries(const float* key, const float* wanted, int64_t width) {
  if (key == nullptr) return false;
  int32_t different = 0;
  RunWide(
      [](const float* a, const float* b, int64_t count, int32_t* out) KVWIRE_WIDE {
        int32_t any = 0;
        for (int64_t j = 0; j < count; ++j) any |= a[j] != b[j] ? 1 : 0;
        *out = any;
      },
      key, wanted, width, &different);
  return different == 0;
}

// Writes which of `count` values are 1; false if one is neither 1 nor `zero`.
bool TakeBits(const float* values, int64_t count, float zero, uint8_t* bits) {
  int32_t strange = 0;
  RunWide(
      [](const float* from, int64_t number, float no, uint8_t* to, int32_t* out) KVWIRE_WIDE {
        int32_t any = 0;
        for (int64_t j = 0; j < number; ++j) {
          const int32_t one = from[j] == 1 ? 1 : 0;
          to[j] = static_cast<uint8_t>(one);
          any |= from[j] == no ? 0 : 1 - one;
        }
        *out = any;
      },
      values, count, zero, bits, &strange);
  return strange == 0;
}

// Whether each number is `wanted`.
bool AreAll(const float* numbers, int64_t count, float wanted) {
  int32_t others = 0;
  RunWide(
      [](const float* from, int64_t number, float same, int32_t* out) KVWIRE_WIDE {
        int32_t any = 0;
        for (int64_t j = 0; j < number; ++j) any |= from[j] != same ? 1 : 0;
        *out = any;
      },
      numbers, count, wanted, &others);
  return others == 0;
}

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
  KVWIRE_RETURN_IF_ERROR(CheckQueries(block, setup(), tokens_));
  KVWIRE_ASSIGN_OR_RETURN(const Bits bits, BitsOf(block));
  const auto row_bits = static_cast<size_t>(dims());
  for (size_t at = 0; at < bits.size(); at += row_bits) TakeRow({&bits[at], row_bits});
  tokens_ += block.rows;
  return absl::OkStatus();
}

absl::StatusOr<FrameBitsCache::Bits> FrameBitsCache::BitsOf(const TokenBlock& block) const {
  const bool may_follow =
      block.keys != nullptr && block.values != nullptr && block.rows <= frame_.rows() - rows();
  if (may_follow) {
    Bits bits(static_cast<size_t>(block.rows * dims()));
    if (FollowsFrame(block, bits)) return bits;
  }
  // Some token is zero or wrong.
  KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup(), tokens_));
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<int64_t> stored,
                          StoredRows<float>(block, width(), tokens_));
  KVWIRE_RETURN_IF_ERROR(CheckKeys(block, stored));
  return BitsOf(block, stored);
}

bool FrameBitsCache::FollowsFrame(const TokenBlock& block, Bits& bits) const {
  const float zero = ValueOfBit(setup().encoding, false);
  std::atomic<bool> follows = true;
  ParallelFor((block.rows + kRowsAtOnce - 1) / kRowsAtOnce, [&](int64_t part) {
    const int64_t end = std::min(block.rows, (part + 1) * kRowsAtOnce);
    Matrix keys;
    for (int64_t first = part * kRowsAtOnce; first < end && follows; first += kFilledRows) {
      keys.resize(std::min(kFilledRows, end - first), width());
      FillKeys(rows() + first, keys);
      bool good = true;
      for (int64_t i = 0; i < keys.rows(); ++i) {
        const float* wanted = keys.row(i).data();
        const float* values = block.values + (first + i) * width();
        // A key of zeros could be that of a token that is not stored.
        good &= Carries(block.keys + (first + i) * width(), wanted, width()) &&
                !AreAll(wanted, width(), 0);
        good &=
            TakeBits(values, dims(), zero, &bits[static_cast<size_t>((first + i) * dims())]);
        good &= AreAll(values + dims(), width() - dims(), 1);
      }
      if (!good) follows = false;
    }
  });
  return follows;
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
  const int64_t parts = (count + kRowsAtOnce - 1) / kRowsAtOnce;
  std::vector<int64_t> wrong(static_cast<size_t>(parts), count);  // the first of each part
  ParallelFor(parts, [&](int64_t part) {
    const int64_t first = part * kRowsAtOnce;
    Matrix keys(std::min(kRowsAtOnce, count - first), width());
    FillKeys(rows() + first, keys);
    for (int64_t i = keys.rows(); i-- > 0;) {
      const float* key = block.keys == nullptr
                             ? nullptr
                             : block.keys + stored[static_cast<size_t>(first + i)] * width();
      if (!Carries(key, keys.row(i).data(), width())) {
        wrong[static_cast<size_t>(part)] = first + i;
      }
    }
  });
  const int64_t first = wrong.empty() ? count : *std::min_element(wrong.begin(), wrong.end());
  if (first == count) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("token ", tokens_ + stored[static_cast<size_t>(first)],
                   " does not carry key ", rows() + first, " of the public frame"));
}

absl::StatusOr<FrameBitsCache::Bits> FrameBitsCache::BitsOf(
    const TokenBlock& block, const std::vector<int64_t>& stored) const {
  const float zero = ValueOfBit(setup().encoding, false);
  const auto count = static_cast<int64_t>(stored.size());
  Bits bits(stored.size() * static_cast<size_t>(dims()), 0);
  // A null pointer stands for zeros, which are the bits 0 of {0, 1} only.
  if (block.values == nullptr) {
    if (count == 0 || (zero == 0 && width() == dims())) return bits;
    return NoBit(stored.front(), 0, 0);
  }
  std::atomic<bool> all_bits = true;
  ParallelFor((count + kRowsAtOnce - 1) / kRowsAtOnce, [&](int64_t part) {
    bool good = true;
    const int64_t end = std::min(count, (part + 1) * kRowsAtOnce);
    for (int64_t i = part * kRowsAtOnce; i < end; ++i) {
      const float* values = block.values + stored[static_cast<size_t>(i)] * width();
      good &= TakeBits(values, dims(), zero, &bits[static_cast<size_t>(i * dims())]);
      good &= AreAll(values + dims(), width() - dims(), 1);
    }
    if (!good) all_bits = false;
  });
  if (all_bits) return bits;
  for (const int64_t row : stored) {
    for (int64_t j = 0; j < width(); ++j) {
      const float value = block.values[row * width() + j];
      if (value != 1 && (j >= dims() || value != zero)) return NoBit(row, j, value);
    }
  }
  return absl::InternalError("a value was refused without a reason");
}

absl::Status FrameBitsCache::NoBit(int64_t row, int64_t column, float value) const {
  const float zero = ValueOfBit(setup().encoding, false);
  return absl::InvalidArgumentError(
      absl::StrCat("token ", tokens_ + row, " has a value of ", value, ", not ",
                   column < dims() ? absl::StrCat(zero, " or ") : "", "1"));
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
