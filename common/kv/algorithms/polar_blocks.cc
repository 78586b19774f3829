#include "common/kv/algorithms/polar_blocks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <mutex>
#include <numbers>

#include "common/base/portable_math.h"
#include "common/kv/algorithms/lloyd_max.h"

namespace kvwire {
namespace {

constexpr double kQuarter = std::numbers::pi / 2;
constexpr int kLevels = 4;

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
