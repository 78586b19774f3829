#include "common/coding/channel_density.h"

#include <algorithm>

#include "common/base/binary_entropy.h"
#include "common/base/portable_math.h"

namespace kvwire {
namespace {

constexpr size_t kPoints = 48;
constexpr double kSpan = 32;
// Past this log-likelihood ratio nothing is left to tell apart.
constexpr double kMostRatio = 40;

double CrossoverOfRatio(double ratio) {
  const double e = PortableExp(-ratio);
  return e / (1 + e);
}

// A xor B of bits that are 1 with probabilities a and b.
double Convolved(double a, double b) { return a * (1 - b) + b * (1 - a); }

}  // namespace

ChannelGrid::ChannelGrid(double crossover) : crossover_(crossover) {
  const double ratio = PortableLog((1 - crossover) / crossover);
  const double least = ratio / kSpan;
  const double most = std::min(ratio * kSpan, kMostRatio);
  const double step = PortableLog(most / least) / static_cast<double>(kPoints - 2);
  crossovers_.push_back(0.5);
  for (size_t k = 0; k + 1 < kPoints; ++k) {
    crossovers_.push_back(
        CrossoverOfRatio(least * PortableExp(step * static_cast<double>(k))));
  }
  for (const double p : crossovers_) entropies_.push_back(BinaryEntropy(p));
  for (const double a : crossovers_) {
    for (const double b : crossovers_) pairs_.push_back(PairOf(a, b));
  }
}

ChannelGrid::Place ChannelGrid::PlaceOf(double crossover) const {
  const double entropy = BinaryEntropy(crossover);
  if (entropy <= entropies_.back()) return {kPoints - 2, 0};
  size_t k = 0;
  while (entropies_[k + 1] >= entropy) ++k;
  const double part = (entropy - entropies_[k + 1]) / (entropies_[k] - entropies_[k + 1]);
  return {static_cast<uint32_t>(k), std::clamp(part, 0.0, 1.0)};
}

ChannelGrid::Pair ChannelGrid::PairOf(double a, double b) const {
  const double both = a * b;
  const double neither = (1 - a) * (1 - b);
  const double apart = Convolved(a, b);
  const double first = a * (1 - b) / apart;
  return {.minus = PlaceOf(apart),
          .agree = PlaceOf(both / (both + neither)),
          .disagree = PlaceOf(std::min(first, 1 - first)),
          .agree_weight = both + neither};
}

ChannelDensity ChannelGrid::Symmetric() const {
  ChannelDensity density(kPoints);
  const Place place = PlaceOf(crossover_);
  density[place.index] = place.part;
  density[place.index + 1] = 1 - place.part;
  return density;
}

ChannelDensity ChannelGrid::Erasing() {
  ChannelDensity density(kPoints);
  density[0] = 1;
  return density;
}

ChannelDensity ChannelGrid::Minus(const ChannelDensity& a, const ChannelDensity& b) const {
  ChannelDensity sum(kPoints);
  for (size_t i = 0; i < kPoints; ++i) {
    for (size_t j = 0; j < kPoints; ++j) {
      const Place& place = pairs_[i * kPoints + j].minus;
      const double weight = a[i] * b[j];
      sum[place.index] += weight * place.part;
      sum[place.index + 1] += weight * (1 - place.part);
    }
  }
  return sum;
}

ChannelDensity ChannelGrid::Plus(const ChannelDensity& a, const ChannelDensity& b) const {
  ChannelDensity sum(kPoints);
  const auto add = [&sum](const Place& place, double weight) {
    sum[place.index] += weight * place.part;
    sum[place.index + 1] += weight * (1 - place.part);
  };
  for (size_t i = 0; i < kPoints; ++i) {
    for (size_t j = 0; j < kPoints; ++j) {
      const Pair& pair = pairs_[i * kPoints + j];
      const double weight = a[i] * b[j];
      add(pair.agree, weight * pair.agree_weight);
      add(pair.disagree, weight * (1 - pair.agree_weight));
    }
  }
  return sum;
}

double ChannelGrid::Entropy(const ChannelDensity& density) const {
  double sum = 0;
  for (size_t i = 0; i < kPoints; ++i) sum += density[i] * entropies_[i];
  return sum;
}

}  // namespace kvwire
