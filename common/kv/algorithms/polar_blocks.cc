#include "common/kv/algorithms/polar_blocks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <mutex>
#include <numbers>

#include "common/base/portable_math.h"
#include "common/base/wide_loop.h"
#include "common/base/wide_vector.h"
#include "common/kv/algorithms/lloyd_max.h"

namespace kvwire {
namespace {

constexpr double kQuarter = std::numbers::pi / 2;
constexpr int kLevels = 4;

constexpr size_t kBlocksAtOnce = 4;
constexpr size_t kPairsAtOnce = kBlocksAtOnce * PolarBlocks::kMostNumbers / 2;
// So many are compared with every pair in less time than some are one after the other.
constexpr size_t kFewBounds = 31;

// The bytes of four integers, and the lowest one of each.
using AllBytes = __attribute__((vector_size(8 * kWideLanes))) uint8_t;
using Bytes = __attribute__((vector_size(kWideLanes))) uint8_t;

// Four pairs, and the first of the codes that each can have.
struct WidePairs {
  WideDoubles x;
  WideDoubles y;
  WideIntegers code;
};

// Turns the quarter of the circle that each pair is in, of `codes` codes, with the axis it
// begins on, onto the first one.
[[gnu::always_inline]] inline void TurnToFirstQuarter(int64_t codes, WidePairs& pairs) {
  const WideDoubles x = pairs.x;
  const WideDoubles y = pairs.y;
  const auto first = ((x > 0) & (y >= 0)) | ((x == 0) & (y == 0));
  const auto second = ~first & (x <= 0) & (y > 0);
  const auto third = ~first & ~second & (x < 0);
  const auto fourth = ~first & ~second & ~third;
  pairs.x = first ? x : second ? y : third ? -x : -y;
  pairs.y = first ? y : second ? -x : third ? -y : x;
  pairs.code -= (second + 2 * third + 3 * fourth) * codes;  // masks are -1
}

// Splits numbers into pairs, and writes the radius of each.
void SplitPairs(const double* numbers, size_t count, double* x, double* y, double* radii) {
  RunWide(
      [](const double* from, size_t pairs, double* a, double* b, double* r) KVWIRE_WIDE {
        for (size_t i = 0; i < pairs; ++i) {
          a[i] = from[2 * i];
          b[i] = from[2 * i + 1];
        }
        for (size_t i = 0; i < pairs; ++i) r[i] = std::sqrt(a[i] * a[i] + b[i] * b[i]);
      },
      numbers, count, x, y, radii);
}

// Evenly spaced angles all around, each in the middle of its arc.
Codebook UniformCodebook(int bits) {
  Codebook codebook;
  const auto count = static_cast<size_t>(1) << bits;
  const double arc = 4 * kQuarter / static_cast<double>(count);
  for (size_t i = 0; i < count; ++i) {
    codebook.levels.push_back((static_cast<double>(i) + 0.5) * arc);
  }
  // Within the first quarter, where all the quarters are coded.
  for (size_t i = 1; i < count / 4; ++i) {
    codebook.bounds.push_back(static_cast<double>(i) * arc);
  }
  return codebook;
}

const Codebook& DeepCodebook(int level, int bits) {
  constexpr size_t kSizes = kMaxCodebookBits + 1;
  static auto& codebooks = *new std::array<Codebook, (kLevels + 1) * kSizes>;
  static std::array<std::once_flag, (kLevels + 1) * kSizes> computed;
  const size_t place = static_cast<size_t>(level) * kSizes + static_cast<size_t>(bits);
  std::call_once(computed[place], [&] {
    const int power = (1 << (level - 1)) - 1;
    codebooks[place] = LloydMaxCodebook(bits, 0, kQuarter, [power](double angle) {
      return power * PortableLog(PortableSin(2 * angle));
    });
  });
  return codebooks[place];
}

}  // namespace

AngleCodebook::AngleCodebook(int level, int bits) : all_around_(level == 1) {
  const Codebook codebook = level == 1 ? UniformCodebook(bits) : DeepCodebook(level, bits);
  const auto direction = [](double angle) {
    return Direction{PortableCos(angle), PortableSin(angle)};
  };
  for (const double angle : codebook.levels) directions_.push_back(direction(angle));
  for (const double angle : codebook.bounds) bounds_.push_back(direction(angle));
}

size_t AngleCodebook::Place(double x, double y) const {
  return CountBelow(bounds_.size(),
                    [&](size_t i) { return y * bounds_[i].cos > x * bounds_[i].sin; });
}

// Every quarter of the circle, with the axis it begins on, is turned onto the first one.
uint8_t AngleCodebook::CodeOf(double x, double y) const {
  const size_t codes = bounds_.size() + 1;
  size_t code = 0;
  if (!all_around_ || (x > 0 && y >= 0) || (x == 0 && y == 0)) {
    code = Place(x, y);
  } else if (x <= 0 && y > 0) {
    code = codes + Place(y, -x);
  } else if (x < 0) {
    code = 2 * codes + Place(-x, -y);
  } else {
    code = 3 * codes + Place(-y, x);
  }
  return static_cast<uint8_t>(code);
}

void AngleCodebook::CodesOf(const double* x, const double* y, size_t count,
                            uint8_t* codes) const {
  if (bounds_.size() > kFewBounds) {
    for (size_t i = 0; i < count; ++i) codes[i] = CodeOf(x[i], y[i]);
    return;
  }
  RunWide(
      [](const Direction* bounds, size_t bound_count, bool all_around, const double* p,
         const double* q, size_t n, uint8_t* out) KVWIRE_WIDE {
        for (size_t i = 0; i < n; i += kWideLanes) {
          WidePairs pairs = {};
          FetchVector(p + i, pairs.x);
          FetchVector(q + i, pairs.y);
          if (all_around) TurnToFirstQuarter(static_cast<int64_t>(bound_count + 1), pairs);
          for (size_t bound = 0; bound < bound_count; ++bound) {
            pairs.code -= pairs.y * bounds[bound].cos > pairs.x * bounds[bound].sin;
          }
          AllBytes all = {};
          FetchVector(&pairs.code, all);
          const Bytes four = __builtin_shufflevector(all, all, 0, 8, 16, 24);
          StoreVector(four, out + i);
        }
      },
      bounds_.data(), bounds_.size(), all_around_, x, y, count, codes);
}

PolarBlocks::PolarBlocks(int first_bits, int deep_bits) {
  for (int level = 1; level <= kLevels; ++level) {
    levels_.emplace_back(level, level == 1 ? first_bits : deep_bits);
  }
}

double PolarBlocks::Encode(absl::Span<const double> block, Codes& codes) const {
  std::array<double, kMostNumbers> radii = {};
  std::copy(block.begin(), block.end(), radii.begin());
  size_t code = 0;
  size_t level = 0;
  for (size_t count = block.size() / 2; count > 0; count /= 2, ++level) {
    for (size_t i = 0; i < count; ++i) {
      const double x = radii[2 * i];
      const double y = radii[2 * i + 1];
      codes[code++] = levels_[level].CodeOf(x, y);
      radii[i] = std::sqrt(x * x + y * y);
    }
  }
  return radii[0];
}

void PolarBlocks::EncodeWhole(absl::Span<const double> blocks, uint8_t* first, uint8_t* deep,
                              double* radii) const {
  constexpr size_t kPairs = kMostNumbers / 2;
  const size_t count = blocks.size() / kMostNumbers;
  for (size_t done = 0; done < count; done += kBlocksAtOnce) {
    EncodeSome(&blocks[done * kMostNumbers], std::min(kBlocksAtOnce, count - done),
               first + done * kPairs, deep + done * (kPairs - 1), radii + done);
  }
}

void PolarBlocks::EncodeSome(const double* numbers, size_t blocks, uint8_t* first,
                             uint8_t* deep, double* radii) const {
  constexpr size_t kPairs = kMostNumbers / 2;
  std::array<double, kPairsAtOnce> x = {};
  std::array<double, kPairsAtOnce> y = {};
  std::array<double, kPairsAtOnce> lengths;
  std::array<uint8_t, kPairsAtOnce> codes;
  SplitPairs(numbers, blocks * kPairs, x.data(), y.data(), lengths.data());
  levels_[0].CodesOf(x.data(), y.data(), blocks * kPairs, first);
  // `place` is that of a level's codes among the deep ones of a block.
  const auto deepen = [&]<size_t kCount>(size_t level, size_t place) {
    SplitPairs(lengths.data(), blocks * kCount, x.data(), y.data(), lengths.data());
    levels_[level].CodesOf(x.data(), y.data(), blocks * kCount, codes.data());
    for (size_t block = 0; block < blocks; ++block) {
      std::copy_n(&codes[block * kCount], kCount, deep + block * (kPairs - 1) + place);
    }
  };
  static_assert(kPairs == 8 && kLevels == 4);
  deepen.template operator()<4>(1, 0);
  deepen.template operator()<2>(2, 4);
  deepen.template operator()<1>(3, 6);
  std::copy_n(lengths.begin(), blocks, radii);
}

void PolarBlocks::Decode(double radius, const Codes& codes, absl::Span<double> block) const {
  block[0] = radius;
  size_t level = static_cast<size_t>(std::countr_zero(block.size()));
  size_t first = block.size() - 1;  // of the codes of the level above
  for (size_t count = 1; count < block.size(); count *= 2) {
    --level;
    first -= count;
    for (size_t i = count; i-- > 0;) {
      const AngleCodebook::Direction& direction = levels_[level].Decode(codes[first + i]);
      const double whole = block[i];
      block[2 * i] = whole * direction.cos;
      block[2 * i + 1] = whole * direction.sin;
    }
  }
}

}  // namespace kvwire
