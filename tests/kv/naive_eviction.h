#ifndef KVWIRE_TESTS_KV_NAIVE_EVICTION_H_
#define KVWIRE_TESTS_KV_NAIVE_EVICTION_H_

// What an evicting cache keeps of a stream, against an oracle that has all of it and
// decides anew, in double, at the close of each scale.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/eviction_streams.h"
#include "tests/status/status_matchers.h"

namespace kvwire {

// What is left of a stream when its last scale is closed.
using EvictionOracle = std::function<Kept(const EvictionStream&)>;

// Softmax in double of a query over the tokens `held` and `zeros` tokens more.
inline std::vector<double> NaiveProbabilities(const EvictionStream& stream, int64_t query,
                                              const Kept& held, int64_t zeros) {
  std::vector<double> weights;
  double mass = static_cast<double>(zeros);
  for (const int64_t token : held) {
    double score = 0;
    for (int64_t j = 0; j < stream.keys.cols(); ++j) {
      score += static_cast<double>(stream.queries(query, j)) *
               static_cast<double>(stream.keys(token, j));
    }
    weights.push_back(std::exp(score));
    mass += weights.back();
  }
  for (double& weight : weights) weight /= mass;
  return weights;
}

// The `count` tokens of `candidates` with the largest scores, the oldest of equals first.
inline Kept NaiveBest(const Kept& candidates, const std::vector<double>& scores,
                      size_t count) {
  std::vector<size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  Kept best;
  for (size_t i = 0; i < count; ++i) best.push_back(candidates[order[i]]);
  std::sort(best.begin(), best.end());
  return best;
}

// Calls close(held, first, end) for each scale, tokens first .. end - 1, with the rows that
// are held, for it to evict from.
inline void VisitNaiveScales(const EvictionStream& stream,
                             const std::function<void(Kept&, int64_t, int64_t)>& close) {
  Kept held;
  int64_t first = 0;
  for (const int64_t scale : stream.scales) {
    for (int64_t t = first; t < first + scale; ++t) {
      if (stream.IsRow(t)) held.push_back(t);
    }
    close(held, first, first + scale);
    first += scale;
  }
}

// A cache of `spec` keeps exactly what the oracle keeps, after each block of any cut, with
// its scale open or closed, restored now and then; and its bytes do not depend on the cut.
inline void ExpectFollows(const std::string& spec, const EvictionStream& stream,
                          const EvictionOracle& oracle, std::mt19937_64& random) {
  SCOPED_TRACE(spec);
  const CacheSetup setup = SetupOf(spec, stream.keys.cols());
  auto cache = NewCache(setup);
  auto whole = NewCache(setup);
  int64_t first = 0;
  for (const int64_t scale : stream.scales) {
    ASSERT_THAT(whole->Append(stream.Block(first, scale, true)), IsOk());
    const int64_t end = first + scale;
    while (first < end) {
      const auto rows =
          static_cast<int64_t>(1 + random() % static_cast<uint64_t>(end - first));
      ASSERT_THAT(cache->Append(stream.Block(first, rows, first + rows == end)), IsOk());
      first += rows;
      auto restored = Restore(SnapshotOf(*cache, setup), setup);
      ASSERT_THAT(restored, IsOk());
      const EvictionStream so_far = stream.First(first);
      ASSERT_EQ(RowsOf(**restored), RowsOf(so_far, oracle(so_far))) << first << " tokens";
      ASSERT_EQ((*restored)->AsRows()->ZeroRows(), CountZeros(stream, first));
      if (first == end && random() % 3 == 0) cache = *std::move(restored);
    }
    ASSERT_EQ(SnapshotOf(*cache, setup), SnapshotOf(*whole, setup)) << first << " tokens";
  }
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_KV_NAIVE_EVICTION_H_
