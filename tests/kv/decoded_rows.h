#ifndef KVWIRE_TESTS_KV_DECODED_ROWS_H_
#define KVWIRE_TESTS_KV_DECODED_ROWS_H_

// What a cache of rows has made of the tokens it was given, and normal tokens to give.

#include <random>
#include <string_view>

#include "common/kv/row_cache.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"

namespace kvwire {

inline Matrix NormalMatrix(int64_t rows, int64_t dims, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  Matrix matrix(rows, dims);
  for (int64_t i = 0; i < matrix.size(); ++i) matrix.data()[i] = normal(random);
  return matrix;
}

inline Matrix UnitRows(int64_t rows, int64_t dims, uint64_t seed) {
  return NormalMatrix(rows, dims, seed).rowwise().normalized();
}

inline Tokens NormalTokens(int64_t rows, int64_t dims, uint64_t seed) {
  return {NormalMatrix(rows, dims, seed), NormalMatrix(rows, dims, seed + 1)};
}

// A cache that has taken all of the tokens.
inline std::unique_ptr<KvCache> Filled(const CacheSetup& setup, const Tokens& tokens) {
  auto cache = NewCache(setup);
  EXPECT_EQ(cache->Append(tokens.Block()), absl::OkStatus());
  return cache;
}

inline Tokens DecodedTokens(const KvCache& cache) {
  Tokens tokens;
  cache.AsRows()->VisitRows([&tokens](const KeyValueBlock& block) {
    const int64_t first = tokens.keys.rows();
    for (const auto& [all, part] :
         {std::pair{&tokens.keys, &block.keys}, {&tokens.values, &block.values}}) {
      all->conservativeResize(first + part->rows(), part->cols());
      all->bottomRows(part->rows()) = *part;
    }
  });
  return tokens;
}

// |decoded - rows|^2 / |rows|^2, over all of them.
inline double RelativeSquaredError(const Matrix& rows, const Matrix& decoded) {
  EXPECT_EQ(rows.rows(), decoded.rows());
  return (rows - decoded).cast<double>().squaredNorm() / rows.cast<double>().squaredNorm();
}

// Bit `at` of a section's body, lowest first in each byte, and the number of `width` bits
// that begins there.
inline uint64_t BitsAt(std::string_view body, size_t at, size_t width) {
  uint64_t number = 0;
  for (size_t i = 0; i < width; ++i) {
    const auto byte = static_cast<unsigned char>(body[(at + i) / 8]);
    number |= static_cast<uint64_t>(byte >> (at + i) % 8 & 1) << i;
  }
  return number;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_KV_DECODED_ROWS_H_
