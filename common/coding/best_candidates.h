#ifndef KVWIRE_COMMON_CODING_BEST_CANDIDATES_H_
#define KVWIRE_COMMON_CODING_BEST_CANDIDATES_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace kvwire {

inline constexpr int kMostPolarPaths = 32;

// A way on for one of the paths of a list encoder (polar_list_encoder.h).
struct PathCandidate {
  int64_t cost = 0;
  int path = 0;
  unsigned choice = 0;  // what it does at the node, as the node numbers it
};

// The cheapest candidates, in order of cost, at most `most`; of equals, those that came first.
class BestCandidates {
 public:
  explicit BestCandidates(int most) : most_(static_cast<size_t>(most)) {}

  // Whether a candidate of that cost would be kept now.
  bool Wants(int64_t cost) const { return count_ < most_ || cost < kept_[count_ - 1].cost; }

  void Add(const PathCandidate& candidate) {
    if (!Wants(candidate.cost)) return;
    size_t at = count_ < most_ ? count_++ : count_ - 1;
    for (; at > 0 && candidate.cost < kept_[at - 1].cost; --at) kept_[at] = kept_[at - 1];
    kept_[at] = candidate;
  }

  size_t count() const { return count_; }
  const PathCandidate& operator[](size_t i) const { return kept_[i]; }

 private:
  std::array<PathCandidate, kMostPolarPaths> kept_;
  size_t count_ = 0;
  size_t most_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_BEST_CANDIDATES_H_
