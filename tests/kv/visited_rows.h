#ifndef KVWIRE_TESTS_KV_VISITED_ROWS_H_
#define KVWIRE_TESTS_KV_VISITED_ROWS_H_

// What a cache has made of its tokens, as it answers from them.

#include <cstdint>

#include "common/kv/row_cache.h"
#include "tests/kv/caches.h"

namespace kvwire {

// All rows that VisitRows shows, in its order.
inline Tokens VisitedRows(const KvCache& cache, int64_t width) {
  Tokens tokens{Matrix(0, width), Matrix(0, width)};
  cache.AsRows()->VisitRows([&tokens](const KeyValueBlock& block) {
    const int64_t before = tokens.keys.rows();
    const int64_t after = before + block.keys.rows();
    tokens.keys.conservativeResize(after, Eigen::NoChange);
    tokens.values.conservativeResize(after, Eigen::NoChange);
    tokens.keys.bottomRows(after - before) = block.keys;
    tokens.values.bottomRows(after - before) = block.values;
  });
  return tokens;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_KV_VISITED_ROWS_H_
