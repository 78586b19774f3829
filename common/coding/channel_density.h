#ifndef KVWIRE_COMMON_CODING_CHANNEL_DENSITY_H_
#define KVWIRE_COMMON_CODING_CHANNEL_DENSITY_H_

// Channels of one bit as mixtures of binary symmetric channels, on a grid of crossover
// probabilities, and the two channels that polar coding makes of two (Arikan 2009):
//   minus: a XOR b from what the channels say of a and of b,
//   plus:  b from both, given a XOR b.
// What falls between two points of the grid is split among them such that the entropy is
// kept. So minus and plus together have the entropy of the two, as they do in truth.
// Only + - * / and portable functions: the same bits on every machine.

#include <cstdint>
#include <vector>

namespace kvwire {

// Weights of the grid's points; they sum to 1.
using ChannelDensity = std::vector<double>;

class ChannelGrid {
 public:
  // A grid for what comes of a channel with this crossover probability, 0 < p < 1/2, in
  // half a dozen steps: log-likelihood ratios in geometric progression from 1/32 of the
  // channel's to 32 times it, and 0.
  explicit ChannelGrid(double crossover);

  // The channel with that probability, and one that says nothing.
  ChannelDensity Symmetric() const;
  static ChannelDensity Erasing();

  ChannelDensity Minus(const ChannelDensity& a, const ChannelDensity& b) const;
  ChannelDensity Plus(const ChannelDensity& a, const ChannelDensity& b) const;

  double Entropy(const ChannelDensity& density) const;

 private:
  // A point between points `index` and `index` + 1, the former's part being `part`.
  struct Place {
    uint32_t index;
    double part;
  };
  struct Pair {
    Place minus;
    Place agree;     // plus, where both channels say the same
    Place disagree;  // and where they do not
    double agree_weight;
  };

  Place PlaceOf(double crossover) const;
  Pair PairOf(double a, double b) const;

  double crossover_;
  std::vector<double> crossovers_;  // falling from 1/2
  std::vector<double> entropies_;   // theirs
  std::vector<Pair> pairs_;         // of points i and j, at i * size + j
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_CHANNEL_DENSITY_H_
