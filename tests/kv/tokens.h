#ifndef KVWIRE_TESTS_KV_TOKENS_H_
#define KVWIRE_TESTS_KV_TOKENS_H_

// Tokens for the tests of KV caches, and how they are appended.

#include <algorithm>
#include <random>
#include <vector>

#include "common/kv/kv_cache.h"
#include "gtest/gtest.h"

namespace kvwire {

struct Tokens {
  Matrix keys;
  Matrix values;

  TokenBlock Block(int64_t first, int64_t rows, bool closes_scale) const {
    return {rows, nullptr, keys.row(first).data(), values.row(first).data(), closes_scale};
  }
  TokenBlock Block() const { return {keys.rows(), nullptr, keys.data(), values.data(), true}; }
};

// Tokens that every algorithm takes: all keys of the frame, random bits as values, ones
// as second factors.
inline Tokens FrameTokens(const CacheSetup& setup, uint64_t seed) {
  std::mt19937_64 random(seed);
  const int64_t rows = setup.frame->rows();
  Matrix keys(rows, setup.dims);
  setup.frame->Fill(0, keys);
  Matrix values(rows, setup.dims);
  const float zero = setup.encoding == ValueEncoding::kSigns ? -1.0F : 0.0F;
  for (float& value : values.reshaped()) value = random() % 2 != 0 ? 1.0F : zero;
  Tokens tokens{Matrix::Ones(rows, setup.row_width()), Matrix::Ones(rows, setup.row_width())};
  tokens.keys.leftCols(setup.dims) = keys;
  tokens.values.leftCols(setup.dims) = values;
  return tokens;
}

inline Matrix RandomMatrix(int64_t rows, int64_t dims, std::mt19937_64& random) {
  Matrix matrix(rows, dims);
  for (float& x : matrix.reshaped()) x = static_cast<float>(random() % 2001) / 500.0F - 2.0F;
  return matrix;
}

inline TokenBlock ZeroScale(int64_t rows) { return {rows, nullptr, nullptr, nullptr, true}; }

// Appends a stream as scales of the given sizes, each in blocks of `rows_per_block`.
inline void AppendScales(KvCache& cache, const Tokens& tokens, int64_t& first,
                         const std::vector<int64_t>& scales, int64_t rows_per_block) {
  for (const int64_t scale : scales) {
    for (int64_t done = 0; done < scale;) {
      const int64_t rows = std::min(rows_per_block, scale - done);
      done += rows;
      ASSERT_EQ(cache.Append(tokens.Block(first, rows, done == scale)), absl::OkStatus());
      first += rows;
    }
  }
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_KV_TOKENS_H_
