#include "common/coding/polar_rate.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/binary_entropy.h"
#include "common/base/bit_vector.h"
#include "common/base/counter_rng.h"
#include "common/base/little_endian.h"
#include "common/base/portable_math.h"
#include "common/base/status_macros.h"
#include "common/coding/polar_decoder.h"
#include "common/coding/polar_encoder.h"

namespace kvwire {
namespace {

constexpr double kLn2 = 0.69314718055994530942;

// Trials are of so many wrong bits, to be within some 0.3 % of their mean; the rarer, the
// more source they take, within limits.
constexpr double kTrialErrors = 5000;
constexpr int64_t kLeastTrialBits = int64_t{1} << 19;
constexpr int64_t kMostTrialBits = int64_t{1} << 23;
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

// The distortion of public words.
double TriedDistortion(const PolarCode& code) {
  const double bits = std::clamp(kTrialErrors / code.distortion, double{kLeastTrialBits},
                                 double{kMostTrialBits});
  const int64_t words = (static_cast<int64_t>(bits) + code.length - 1) / code.length;
  PolarEncoder encoder(code);
  int64_t errors = 0;
  for (int64_t i = 0; i < words; ++i) {
    const BitVector word = PublicWord(code.length, i);
    errors += word.Distance(DecodePolar(code, encoder.Encode(word)));
  }
  return static_cast<double>(errors) / static_cast<double>(words * code.length);
}

// Where to begin: R(D) and a fit to measured codes (MATH.md) of what they need beyond it.
double GuessedRate(double distortion, int64_t block) {
  const double rate = RateDistortion(distortion);
  const double x = -PortableLog(rate);
  const double root = std::sqrt(std::sqrt(static_cast<double>(block)));
  return rate * (1 + (0.4 + 0.12 * x) * std::sqrt(x) / root);
}

int64_t WholeBits(double bits, int64_t length) {
  return static_cast<int64_t>(std::clamp(bits + 0.5, 0.0, static_cast<double>(length)));
}

}  // namespace

absl::StatusOr<PolarCode> PolarCodeFor(int64_t length, double distortion) {
  if (!(distortion >= 0 && distortion <= 0.5)) {
    return absl::InvalidArgumentError(absl::StrCat("distortion ", distortion, ": 0 to 0.5"));
  }
  const double designed =
      std::clamp(distortion, kLeastDesignDistortion, kMostDesignDistortion);
  KVWIRE_ASSIGN_OR_RETURN(const PolarDesign design, PolarDesign::Create(length, designed));
  if (distortion < kLeastDesignDistortion) return design.Code(length);
  if (distortion > kMostDesignDistortion) return design.Code(0);
  KVWIRE_ASSIGN_OR_RETURN(PolarCode best, design.Code(0));
  int64_t bits =
      WholeBits(GuessedRate(distortion, best.block) * static_cast<double>(length), length);
  double least_miss = 1;
  // -dR/dD: what a little distortion is worth near R(D).
  double slope =
      PortableLog((1 - distortion) / distortion) / kLn2 * static_cast<double>(length);
  double last_excess = 0;
  for (int trial = 0; trial < kMostTrials; ++trial) {
    KVWIRE_ASSIGN_OR_RETURN(PolarCode code, design.Code(bits));
    const double excess = TriedDistortion(code) - distortion;
    if (std::abs(excess) < least_miss) {
      least_miss = std::abs(excess);
      best = std::move(code);
    }
    if (excess * last_excess < 0) slope /= 2;  // else chance could lead to and fro for ever
    last_excess = excess;
    const int64_t next = WholeBits(static_cast<double>(bits) + excess * slope, length);
    if (next == bits || least_miss <= kCloseEnough * distortion) break;
    bits = next;
  }
  return best;
}

}  // namespace kvwire
