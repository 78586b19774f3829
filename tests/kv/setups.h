#ifndef KVWIRE_TESTS_KV_SETUPS_H_
#define KVWIRE_TESTS_KV_SETUPS_H_

// Setups for the tests of KV caches, and what each built-in algorithm is tested as.

#include <cctype>
#include <ostream>
#include <string>
#include <vector>

#include "common/kv/registry.h"

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

}  // namespace kvwire

#endif  // KVWIRE_TESTS_KV_SETUPS_H_
