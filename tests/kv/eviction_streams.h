#ifndef KVWIRE_TESTS_KV_EVICTION_STREAMS_H_
#define KVWIRE_TESTS_KV_EVICTION_STREAMS_H_

// Streams of scales with queries, for the tests of evicting caches.

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "common/base/matrix.h"
#include "common/kv/row_cache.h"

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

}  // namespace kvwire

#endif  // KVWIRE_TESTS_KV_EVICTION_STREAMS_H_
