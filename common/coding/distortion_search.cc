#include "common/coding/distortion_search.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "common/base/counter_rng.h"
#include "common/base/little_endian.h"
#include "common/base/portable_math.h"

namespace kvwire {
namespace {

constexpr double kLn2 = 0.69314718055994530942;
constexpr int kMostTrials = 8;
constexpr double kCloseEnough = 2e-3;

BitVector PublicWord(int64_t length, int64_t index) {
  constexpr uint64_t kSeed = 0x9e3779b97f4a7c15;
  const CounterRng random(kSeed, static_cast<uint64_t>(index));
  std::string bytes;
  for (int64_t i = 0; 64 * i < length; ++i) {
    AppendLittleEndian(random.Bits(static_cast<uint64_t>(i)), bytes);
  }
  return BitVector::FromBytes(bytes, length);
}

}  // namespace

double TriedDistortion(int64_t length, double distortion, const TrialSize& size,
                       absl::FunctionRef<BitVector(const BitVector&)> reproduce) {
  const double bits =
      std::clamp(size.errors / distortion, static_cast<double>(size.least_bits),
                 static_cast<double>(size.most_bits));
  const int64_t words = (static_cast<int64_t>(bits) + length - 1) / length;
  int64_t errors = 0;
  for (int64_t i = 0; i < words; ++i) {
    const BitVector word = PublicWord(length, i);
    errors += word.Distance(reproduce(word));
  }
  return static_cast<double>(errors) / static_cast<double>(words * length);
}

int64_t FindInformationBits(int64_t length, double distortion, int64_t least, double guess,
                            absl::FunctionRef<double(int64_t)> tried) {
  const auto whole = [&](double bits) {
    return static_cast<int64_t>(
        std::clamp(bits + 0.5, static_cast<double>(least), static_cast<double>(length)));
  };
  // -dR/dD, in bits of the block.
  double slope =
      PortableLog((1 - distortion) / distortion) / kLn2 * static_cast<double>(length);
  int64_t bits = whole(guess);
  int64_t best = bits;
  double least_miss = 1;
  double last_excess = 0;
  for (int trial = 0; trial < kMostTrials; ++trial) {
    const double excess = tried(bits) - distortion;
    if (std::abs(excess) < least_miss) {
      least_miss = std::abs(excess);
      best = bits;
    }
    if (excess * last_excess < 0) slope /= 2;  // else chance could lead to and fro for ever
    last_excess = excess;
    const int64_t next = whole(static_cast<double>(bits) + excess * slope);
    if (next == bits || least_miss <= kCloseEnough * distortion) break;
    bits = next;
  }
  return best;
}

}  // namespace kvwire
