#ifndef KVWIRE_TESTS_KV_EVICTION_STREAMS_H_
#define KVWIRE_TESTS_KV_EVICTION_STREAMS_H_

// Streams of scales with queries, and what an evicting cache keeps of them against an
// oracle that has them all.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "common/kv/row_cache.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/status/status_matchers.h"

namespace kvwire {

struct EvictionStream {
  Matrix queries;  // [tokens, d]
  Matrix keys;
  Matrix values;
  std::vector<int64_t> scales;  // how many tokens each has

  int64_t tokens() const { return keys.rows(); }
  bool IsRow(int64_t token) const {
    return !keys.row(token).isZero(0) || !values.row(token).isZero(0);
  }
  TokenBlock Block(int64_t first, int64_t rows, bool closes_scale) const {
    return {rows, queries.row(first).data(), keys.row(first).data(), values.row(first).data(),
            closes_scale};
  }

  // Its first tokens; the scale of the last of them ends there.
  EvictionStream First(int64_t count) const {
    EvictionStream first{queries.topRows(count), keys.topRows(count), values.topRows(count)};
    for (size_t i = 0; count > 0; ++i) {
      first.scales.push_back(std::min(scales[i], count));
      count -= first.scales.back();
    }
    return first;
  }
};

inline Matrix NormalMatrix(int64_t rows, int64_t dims, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  Matrix matrix(rows, dims);
  for (float& x : matrix.reshaped()) x = normal(random);
  return matrix;
}

// Up to 14 scales of up to 30 tokens, most of them of one or two; a share of the tokens and
// of the queries is zero.
inline EvictionStream RandomEvictionStream(std::mt19937_64& random, int64_t dims) {
  EvictionStream stream;
  int64_t tokens = 0;
  for (uint64_t scales = 1 + random() % 14; scales > 0; --scales) {
    stream.scales.push_back(static_cast<int64_t>(1 + random() % (random() % 3 == 0 ? 30 : 2)));
    tokens += stream.scales.back();
  }
  stream.queries = NormalMatrix(tokens, dims, random);
  stream.keys = NormalMatrix(tokens, dims, random);
  stream.values = NormalMatrix(tokens, dims, random);
  const uint64_t zero_share = random() % 4;
  for (int64_t t = 0; t < tokens; ++t) {
    if (random() % 8 < zero_share) {
      stream.keys.row(t).setZero();
      stream.values.row(t).setZero();
    }
    if (random() % 8 < zero_share) stream.queries.row(t).setZero();
  }
  return stream;
}

// The first tokens of a stream that are held, oldest first.
using Kept = std::vector<int64_t>;

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

inline int64_t CountZeros(const EvictionStream& stream, int64_t tokens) {
  int64_t zeros = 0;
  for (int64_t t = 0; t < tokens; ++t) zeros += stream.IsRow(t) ? 0 : 1;
  return zeros;
}

inline Kept TokensOfStream(int64_t count) {
  Kept all(static_cast<size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// The rows of a cache, each a key and a value.
inline std::vector<std::vector<float>> RowsOf(const KvCache& cache) {
  std::vector<std::vector<float>> rows;
  cache.AsRows()->VisitRows([&rows](const KeyValueBlock& block) {
    for (int64_t i = 0; i < block.keys.rows(); ++i) {
      rows.emplace_back(block.keys.row(i).begin(), block.keys.row(i).end());
      rows.back().insert(rows.back().end(), block.values.row(i).begin(),
                         block.values.row(i).end());
    }
  });
  return rows;
}

inline std::vector<std::vector<float>> RowsOf(const EvictionStream& stream, const Kept& kept) {
  std::vector<std::vector<float>> rows;
  for (const int64_t t : kept) {
    rows.emplace_back(stream.keys.row(t).begin(), stream.keys.row(t).end());
    rows.back().insert(rows.back().end(), stream.values.row(t).begin(),
                       stream.values.row(t).end());
  }
  return rows;
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

#endif  // KVWIRE_TESTS_KV_EVICTION_STREAMS_H_
