#ifndef KVWIRE_TESTS_KV_CACHES_H_
#define KVWIRE_TESTS_KV_CACHES_H_

// Caches of the tests, made, written down, restored and asked.

#include <memory>
#include <string>
#include <string_view>

#include "common/kv/registry.h"
#include "common/kv/snapshot.h"
#include "gtest/gtest.h"
#include "tests/kv/setups.h"
#include "tests/kv/tokens.h"

namespace kvwire {

inline std::unique_ptr<KvCache> NewCache(const CacheSetup& setup) {
  return CreateCache(setup).value();
}

inline std::string SnapshotOf(const KvCache& cache, const CacheSetup& setup) {
  std::string bytes;
  const absl::Status status = WriteSnapshot(cache, setup, [&](std::string_view piece) {
    EXPECT_LE(piece.size(), size_t{kMaxPieceBytes});
    bytes.append(piece);
    return absl::OkStatus();
  });
  EXPECT_EQ(status, absl::OkStatus());
  return bytes;
}

inline absl::StatusOr<std::unique_ptr<KvCache>> Restore(
    std::string_view bytes, const CacheSetup& setup, size_t piece = std::string_view::npos) {
  auto reader = SnapshotReader::Create(setup);
  if (!reader.ok()) return reader.status();
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, piece);
    const absl::Status status = (*reader)->Append(part);
    if (!status.ok()) return status;
    bytes.remove_prefix(part.size());
  }
  return (*reader)->Finish();
}

inline Matrix Attended(const KvCache& cache, const Matrix& queries) {
  Matrix out(queries.rows(), queries.cols());
  EXPECT_EQ(cache.Attend(queries, out), absl::OkStatus());
  return out;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_KV_CACHES_H_
