#ifndef KVWIRE_TESTS_KV_SUBGEN_ORACLE_H_
#define KVWIRE_TESTS_KV_SUBGEN_ORACLE_H_

// The state of a SubGen sketch, read from the bytes of a snapshot and answered from by the
// formulas as they are printed, in double.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "tests/kv/caches.h"
#include "tests/kv/container.h"

namespace kvwire {

// Counters of `width` bits, lowest bit first.
inline std::vector<int64_t> CountersOf(const Section& section, int width) {
  const auto bits = static_cast<int64_t>(8 * section.body.size()) - section.unused_bits;
  std::vector<int64_t> counters;
  for (int64_t first = 0; first + width <= bits && width > 0; first += width) {
    int64_t counter = 0;
    for (int64_t i = 0; i < width; ++i) {
      const int64_t bit = first + i;
      counter += int64_t{section.body[static_cast<size_t>(bit / 8)] >> bit % 8 & 1} << i;
    }
    counters.push_back(counter);
  }
  return counters;
}

// Rows of binary32.
inline Matrix RowsOf(const Section& section, int64_t width) {
  const auto numbers = static_cast<int64_t>(section.body.size() / sizeof(float));
  Matrix rows(numbers / width, width);
  std::memcpy(rows.data(), section.body.data(), section.body.size());
  return rows;
}

inline int WidthOfCounters(uint64_t tokens) {
  int width = 0;
  for (; tokens > 0; tokens /= 2) ++width;
  return width;
}

struct SubgenState {
  std::vector<int64_t> counts;
  Matrix keys;     // [clusters (1 + t), d]: centre and keys of each cluster
  double mu = 0;   // sum of squared norms
  Matrix samples;  // [s, 2 d]

  // Of the sections first .. first + 3 of a snapshot.
  SubgenState(const Container& snapshot, size_t first) {
    const auto dims = static_cast<int64_t>(snapshot.dims);
    counts = CountersOf(snapshot.sections[first], WidthOfCounters(snapshot.tokens));
    keys = RowsOf(snapshot.sections[first + 1], dims);
    const std::string& sum = snapshot.sections[first + 2].body;
    std::memcpy(&mu, sum.data(), sum.size());
    samples = RowsOf(snapshot.sections[first + 3], 2 * dims);
  }

  int64_t t() const { return keys.rows() / static_cast<int64_t>(counts.size()) - 1; }
  int64_t s() const { return samples.rows(); }
  int64_t dims() const { return keys.cols(); }
  int64_t tokens() const {
    int64_t sum = 0;
    for (const int64_t count : counts) sum += count;
    return sum;
  }
  Eigen::RowVectorXd value(int64_t slot) const {
    return samples.row(slot).tail(dims()).cast<double>();
  }
  double SampleWeight(int64_t slot) const {
    return mu / (static_cast<double>(s()) * value(slot).squaredNorm());
  }

  // Calls visit(key, weight) for the kept keys of all clusters.
  template <typename Visit>
  void ForEachKey(Visit visit) const {
    for (size_t cluster = 0; cluster < counts.size(); ++cluster) {
      const double weight = static_cast<double>(counts[cluster]) / static_cast<double>(t());
      for (int64_t slot = 1; slot <= t(); ++slot) {
        const Eigen::RowVectorXd key =
            keys.row(static_cast<int64_t>(cluster) * (1 + t()) + slot).cast<double>();
        visit(key, weight);
      }
    }
  }

  // z and tau of one query, zero tokens not included.
  Eigen::RowVectorXd Numerator(const Eigen::RowVectorXd& query) const {
    Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(dims());
    for (int64_t slot = 0; slot < s(); ++slot) {
      const Eigen::RowVectorXd key = samples.row(slot).head(dims()).cast<double>();
      sum += SampleWeight(slot) * std::exp(query.dot(key)) * value(slot);
    }
    return sum;
  }
  double Tau(const Eigen::RowVectorXd& query) const {
    double sum = 0;
    ForEachKey([&](const Eigen::RowVectorXd& key, double weight) {
      sum += weight * std::exp(query.dot(key));
    });
    return sum;
  }
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_KV_SUBGEN_ORACLE_H_
