#ifndef KVWIRE_TESTS_KV_CACHES_H_
#define KVWIRE_TESTS_KV_CACHES_H_

// Setups, tokens and snapshots for the tests of KV caches.

#include <algorithm>
#include <cctype>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "common/kv/registry.h"
#include "common/kv/snapshot.h"
#include "gtest/gtest.h"

namespace kvwire {

inline CacheSetup SetupOf(const std::string& spec, int64_t dims) {
  CacheSetup setup;
  setup.spec = ParseBuiltInSpec(spec).value();
  setup.dims = dims;
  return setup;
}

inline CacheSetup SetupWithFrame(const std::string& spec, int64_t dims, int64_t rows) {
  CacheSetup setup = SetupOf(spec, dims);
  setup.frame = KeyFrame::Create(KeyFrameKind::kUnit, 7, rows, dims).value();
  return setup;
}

// What a cache is made for, besides its sizes.
struct CacheCase {
  std::string spec;
  AttentionKind attention = AttentionKind::kOrdinary;
  ValueEncoding encoding = ValueEncoding::kBits;

  std::string Name() const {
    std::string name = spec;
    if (attention == AttentionKind::kTensor) name += "_tensor";
    if (encoding == ValueEncoding::kSigns) name += "_signs";
    for (char& c : name) {
      if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    }
    return name;
  }
};

inline void PrintTo(const CacheCase& c, std::ostream* out) { *out << c.Name(); }

inline CacheSetup SetupWithFrame(const CacheCase& c, int64_t dims, int64_t rows) {
  CacheSetup setup = SetupWithFrame(c.spec, dims, rows);
  setup.attention = c.attention;
  setup.encoding = c.encoding;
  return setup;
}

// The four kinds of a setup.
inline std::vector<CacheSetup> KindsOf(CacheSetup setup) {
  std::vector<CacheSetup> kinds;
  for (const auto attention : {AttentionKind::kOrdinary, AttentionKind::kTensor}) {
    for (const auto encoding : {ValueEncoding::kBits, ValueEncoding::kSigns}) {
      setup.attention = attention;
      setup.encoding = encoding;
      kinds.push_back(setup);
    }
  }
  return kinds;
}

// Every built-in algorithm at its defaults, once for each kind of attention it has and
// with both encodings; `more` specs likewise.
inline std::vector<CacheCase> CasesOfAllAlgorithms(std::vector<std::string> more = {}) {
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    more.emplace_back(algorithm.name);
  }
  std::vector<CacheCase> cases;
  for (const std::string& spec : more) {
    const std::string name = AlgorithmSpec::Parse(spec).value().name();
    const AttentionSupport support = FindAlgorithm(name).value()->attention;
    if (support != AttentionSupport::kTensor) cases.push_back({spec});
    if (support != AttentionSupport::kOrdinary) {
      cases.push_back({spec, AttentionKind::kTensor, ValueEncoding::kSigns});
    }
  }
  return cases;
}

inline std::unique_ptr<KvCache> NewCache(const CacheSetup& setup) {
  return CreateCache(setup).value();
}

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
