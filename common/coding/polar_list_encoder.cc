#include "common/coding/polar_list_encoder.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <numeric>
#include <utility>

#include "common/coding/polar_block.h"
#include "common/coding/polar_leaf.h"
#include "common/coding/polar_plan.h"
#include "common/coding/soft_bits.h"

namespace kvwire {
namespace {

using Origins = std::array<int, kMostPolarPaths>;

// As PolarEncoder's, but what costs least to a list is nearer to the source the more it is
// believed. Measured in MATH.md.
constexpr double kWeight = 1.2;

Origins Identity() {
  Origins origins;
  std::iota(origins.begin(), origins.end(), 0);
  return origins;
}

// Sums of magnitudes, which are below 2^14: 2^15 lanes fit the 32 bits in which pairs of them
// are summed.
class CostSum {
 public:
  // Adds what it costs to say that the bits are 0.
  void AddZeros(Lanes beliefs) {
    pairs_ += SumPairsOfLanes(MaxLanes(-beliefs, Lanes{}));
    if (++added_ % kMostAdded == 0) Carry();
  }

  int64_t Sum() {
    Carry();
    return sum_;
  }

 private:
  static constexpr int64_t kMostAdded = int64_t{1} << 15;

  void Carry() {
    for (int i = 0; i < 4; ++i) sum_ += pairs_[i];
    pairs_ = PairSums{};
  }

  PairSums pairs_ = {};
  int64_t added_ = 0;
  int64_t sum_ = 0;
};

int64_t CostOfZeros(const Lanes* beliefs, int64_t lanes) {
  CostSum cost;
  for (int64_t i = 0; i < lanes; ++i) cost.AddZeros(beliefs[i]);
  return cost.Sum();
}

// The same of the first half's code word, without writing down what is believed of it.
int64_t CostOfFrozenFirstHalf(const Lanes* beliefs, int64_t half) {
  CostSum cost;
  for (int64_t i = 0; i < half; ++i) cost.AddZeros(SoftXor(beliefs[i], beliefs[i + half]));
  return cost.Sum();
}

// The two least certain of a node's bits.
struct Doubts {
  int64_t position[2] = {-1, -1};
  int16_t size[2] = {INT16_MAX, INT16_MAX};
};

Doubts LeastCertain(const Lanes* beliefs, int64_t lanes) {
  Lanes least = SplatLanes(INT16_MAX);
  Lanes next = least;  // in each lane
  for (int64_t i = 0; i < lanes; ++i) {
    const Lanes size = MaxLanes(beliefs[i], -beliefs[i]);
    next = MinLanes(next, MaxLanes(least, size));
    least = MinLanes(least, size);
  }
  Doubts doubts;
  for (int lane = 0; lane < kLanes; ++lane) {
    for (const int16_t size : {least[lane], next[lane]}) {
      if (size < doubts.size[0]) {
        doubts.size[1] = doubts.size[0];
        doubts.size[0] = size;
      } else if (size < doubts.size[1]) {
        doubts.size[1] = size;
      }
    }
  }
  return doubts;
}

// Where they are: the first of each size.
void Locate(const Lanes* beliefs, int64_t lanes, Doubts& doubts) {
  for (int64_t i = 0; i < lanes; ++i) {
    const Lanes size = MaxLanes(beliefs[i], -beliefs[i]);
    if (SignsOfLanes((size == SplatLanes(doubts.size[0])) |
                     (size == SplatLanes(doubts.size[1]))) == 0) {
      continue;
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      const int64_t position = kLanes * i + lane;
      if (size[lane] == doubts.size[0] && doubts.position[0] < 0) {
        doubts.position[0] = position;
      } else if (size[lane] == doubts.size[1] && doubts.position[1] < 0) {
        doubts.position[1] = position;
      }
    }
  }
}

void Flip(Lanes* word, int64_t position) {
  Lanes& lanes = word[position / kLanes];
  lanes[position % kLanes] = static_cast<int16_t>(~lanes[position % kLanes]);
}

// For each set of four bits, what it costs to contradict the beliefs about them.
std::array<int32_t, 16> CostsOfFour(const int16_t* beliefs) {
  std::array<int32_t, 16> costs = {};
  for (unsigned set = 1; set < 16; ++set) {
    const int lowest = std::countr_zero(set);
    costs[set] = costs[set & (set - 1)] + std::abs(beliefs[lowest]);
  }
  return costs;
}

}  // namespace

PolarListEncoder::PolarListEncoder(PolarCode code, int paths)
    : code_(std::move(code)), most_(static_cast<size_t>(paths)), plan_(PlanPolarSteps(code_)) {
  assert(paths >= 1 && paths <= kMostPolarPaths);
  const auto lanes = static_cast<size_t>(code_.block / kLanes);
  free_.resize(2 * most_ * lanes);
  words_.resize(most_ * lanes);
}

BitVector PolarListEncoder::Encode(const BitVector& source) {
  assert(source.size_bits() == code_.length);
  LoadPolarBeliefs(code_, source, kWeight, beliefs_);
  at_ = 0;
  count_ = 1;
  costs_[0] = 0;
  const int64_t lanes = code_.block / kLanes;
  const Words words = {words_.data(), lanes};
  EncodeNode({beliefs_.data()}, free_.data(), words, lanes);
  return PolarMessage(code_, words.Of(NearestPath(words, beliefs_.data())));
}

PolarListEncoder::Origins PolarListEncoder::EncodeNode(const Beliefs& beliefs, Lanes* free,
                                                       const Words& words, int64_t lanes) {
  switch (static_cast<PolarStep>(plan_[at_++])) {
    case PolarStep::kFrozen:
      return EncodeFrozen(beliefs, words, lanes);
    case PolarStep::kFree:
      return EncodeFree(beliefs, words, lanes);
    case PolarStep::kLeaf:
      return EncodeLeaf(beliefs, words, plan_[at_++]);
    case PolarStep::kHalves:
      return EncodeHalves(beliefs, free, words, lanes, false, false);
    case PolarStep::kSecondHalf:
      return EncodeHalves(beliefs, free, words, lanes, true, false);
    case PolarStep::kFirstHalf:
      return EncodeHalves(beliefs, free, words, lanes, false, true);
  }
  return {};
}

PolarListEncoder::Origins PolarListEncoder::EncodeHalves(const Beliefs& beliefs, Lanes* free,
                                                         const Words& words, int64_t lanes,
                                                         bool first_frozen, bool second_free) {
  const int64_t half = lanes / 2;
  const Words parts = {free, half};  // beliefs about a half
  const Words firsts = {parts.Of(most_), half};
  Lanes* const rest = firsts.Of(most_);
  Beliefs part = {};
  Origins first = Identity();
  for (size_t i = 0; i < most_; ++i) part[i] = parts.Of(i);
  if (first_frozen) {
    for (size_t i = 0; i < count_; ++i) {
      if (count_ > 1) costs_[i] += CostOfFrozenFirstHalf(beliefs[i], half);
      std::fill_n(firsts.Of(i), half, Lanes{});
    }
  } else {
    for (size_t i = 0; i < count_; ++i) PolarFirstHalf(beliefs[i], half, parts.Of(i));
    first = EncodeNode(part, rest, firsts, half);
  }
  for (size_t i = 0; i < count_; ++i) {
    const Lanes* const from = beliefs[static_cast<size_t>(first[i])];
    PolarSecondHalf(from, firsts.Of(i), half, parts.Of(i));
  }
  const Words seconds = {words.first + half, words.stride};
  Origins origins =
      second_free ? EncodeFree(part, seconds, half) : EncodeNode(part, rest, seconds, half);
  for (size_t i = 0; i < count_; ++i) {
    const auto middle = static_cast<size_t>(origins[i]);
    const Lanes* const first_word = firsts.Of(middle);
    Lanes* const word = words.Of(i);
    for (int64_t k = 0; k < half; ++k) word[k] = first_word[k] ^ word[k + half];
    origins[i] = first[middle];
  }
  return origins;
}

PolarListEncoder::Origins PolarListEncoder::EncodeFrozen(const Beliefs& beliefs,
                                                         const Words& words, int64_t lanes) {
  for (size_t i = 0; i < count_; ++i) {
    if (count_ > 1) costs_[i] += CostOfZeros(beliefs[i], lanes);
    std::fill_n(words.Of(i), lanes, Lanes{});
  }
  return Identity();
}

PolarListEncoder::Origins PolarListEncoder::EncodeFree(const Beliefs& beliefs,
                                                       const Words& words, int64_t lanes) {
  BestCandidates best(static_cast<int>(most_));
  std::array<Doubts, kMostPolarPaths> doubts;
  for (size_t i = 0; i < count_; ++i) best.Add({costs_[i], static_cast<int>(i), 0});
  for (size_t i = 0; i < count_; ++i) {
    doubts[i] = LeastCertain(beliefs[i], lanes);
    const int64_t least = costs_[i] + doubts[i].size[0];
    if (!best.Wants(least)) continue;
    const int64_t next = costs_[i] + doubts[i].size[1];
    best.Add({least, static_cast<int>(i), 1});
    best.Add({next, static_cast<int>(i), 2});
    best.Add({next + doubts[i].size[0], static_cast<int>(i), 3});
    Locate(beliefs[i], lanes, doubts[i]);
  }
  const Origins origins = Keep(best);
  for (size_t k = 0; k < count_; ++k) {
    const Lanes* const from = beliefs[static_cast<size_t>(origins[k])];
    Lanes* const word = words.Of(k);
    for (int64_t i = 0; i < lanes; ++i) word[i] = HardBits(from[i]);
    for (unsigned d = 0; d < 2; ++d) {
      if ((best[k].choice >> d & 1) == 0) continue;
      Flip(word, doubts[static_cast<size_t>(origins[k])].position[d]);
    }
  }
  return origins;
}

PolarListEncoder::Origins PolarListEncoder::EncodeLeaf(const Beliefs& beliefs,
                                                       const Words& words, uint8_t free) {
  BestCandidates best(static_cast<int>(most_));
  for (size_t i = 0; i < count_; ++i) {
    int16_t sizes[kLanes];
    StoreLanes(*beliefs[i], sizes);
    const std::array<int32_t, 16> low = CostsOfFour(sizes);
    const std::array<int32_t, 16> high = CostsOfFour(sizes + 4);
    const unsigned likely = SignsOfLanes(*beliefs[i]);
    ForEachLeafWord(free, [&](unsigned word) {
      const unsigned wrong = word ^ likely;
      const int64_t cost = costs_[i] + low[wrong & 15] + high[wrong >> 4];
      best.Add({cost, static_cast<int>(i), word});
    });
  }
  const Origins origins = Keep(best);
  for (size_t k = 0; k < count_; ++k) {
    *words.Of(k) = LanesOfBits(static_cast<uint8_t>(best[k].choice));
  }
  return origins;
}

// Goes on with the best candidates: the origins of the new paths.
PolarListEncoder::Origins PolarListEncoder::Keep(const BestCandidates& best) {
  Origins origins = {};
  count_ = best.count();
  for (size_t k = 0; k < count_; ++k) {
    costs_[k] = best[k].cost;
    origins[k] = best[k].path;
  }
  return origins;
}

// The path whose word is nearest to the source; padding is near to everything.
size_t PolarListEncoder::NearestPath(const Words& words, const Lanes* source) const {
  size_t nearest = 0;
  int64_t least = INT64_MAX;
  for (size_t k = 0; k < count_; ++k) {
    const Lanes* const word = words.Of(k);
    int64_t errors = 0;
    for (int64_t i = 0; i < code_.block / kLanes; ++i) {
      const Lanes wrong = (source[i] != Lanes{}) & (HardBits(source[i]) ^ word[i]);
      errors += std::popcount(SignsOfLanes(wrong));
    }
    if (errors < least) {
      least = errors;
      nearest = k;
    }
  }
  return nearest;
}

}  // namespace kvwire
