#include "common/workload/gaussian_workload.h"

#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/counter_rng.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

// 32 clusters leave the mean of all values sqrt(31/32) of a cluster's mean away. At the
// spread 0.38 keys of a cluster have cosines of about 0.87: at r = 4 hundreds of tokens
// share the weight of a query, at r = 40 about five.
constexpr GaussianWorkload kWorkloads[] = {
    {"clustered", "32 tight clusters, r = 10: tokens of a cluster are all but equal", 32, 0.1,
     0.1, 10},
    {"flat", "32 loose clusters, r = 4: hundreds of tokens share a query's weight", 32, 0.38,
     0.5, 4},
    {"needle", "independent keys, r = 40: one token has a query's weight", 0, 0, 0, 40},
    {"peaky", "32 loose clusters, r = 40: a handful of tokens share a query's weight", 32,
     0.38, 0.5, 40},
};

enum Stream : uint64_t {
  kCentres,
  kMeans,
  kClusterOf,
  kKeys,
  kValues,
  kAskedTokens,
  kTokenQueries,
};

class Drawing {
 public:
  Drawing(const GaussianWorkload& workload, const WorkloadSize& size, uint64_t seed)
      : workload_(workload), size_(size), seed_(seed), row_(static_cast<size_t>(size.dims)) {}

  AttentionWorkload Draw() {
    AttentionWorkload out;
    DrawTokens(out);
    out.scale_tokens = EvenScales(size_.tokens, size_.scale_tokens);
    out.token_queries.resize(size_.tokens, size_.dims);
    const CounterRng rng(seed_, kTokenQueries);
    for (int64_t t = 0; t < size_.tokens; ++t) {
      const auto limit = static_cast<uint64_t>(size_.tokens);
      const auto asked = static_cast<int64_t>(rng.Bits(static_cast<uint64_t>(t)) % limit);
      CopyQuery(out.keys, asked, out.token_queries, t);
    }
    out.queries.resize(size_.queries, size_.dims);
    const std::vector<int64_t> asked = AskedTokens();
    for (int64_t q = 0; q < size_.queries; ++q) {
      CopyQuery(out.keys, asked[static_cast<size_t>(q)], out.queries, q);
    }
    return out;
  }

 private:
  // Row `index` of standard normals of a stream, into row_.
  void DrawNormals(Stream stream, int64_t index) {
    const CounterRng rng(seed_, stream);
    const auto first = static_cast<uint64_t>(index * size_.dims);
    for (size_t j = 0; j < row_.size(); ++j) row_[j] = rng.Normal(first + j);
  }

  void Normalise() {
    double squares = 0;
    for (const double x : row_) squares += x * x;
    const double norm = std::sqrt(squares);
    for (double& x : row_) x /= norm;
  }

  // row_ = origin + factor row_; an empty origin is 0 and leaves row_ as it is.
  void ShiftFrom(const std::vector<double>& origin, double factor) {
    for (size_t j = 0; j < origin.size(); ++j) row_[j] = origin[j] + factor * row_[j];
  }

  void Store(Matrix& out, int64_t row) const {
    for (int64_t j = 0; j < size_.dims; ++j) {
      out(row, j) = static_cast<float>(row_[static_cast<size_t>(j)]);
    }
  }

  void CopyQuery(const Matrix& keys, int64_t token, Matrix& out, int64_t row) const {
    for (int64_t j = 0; j < size_.dims; ++j) {
      out(row, j) = static_cast<float>(workload_.query_norm * keys(token, j));
    }
  }

  void DrawTokens(AttentionWorkload& out) {
    std::vector<std::vector<double>> centres;
    std::vector<std::vector<double>> means;
    for (int64_t c = 0; c < workload_.clusters; ++c) {
      DrawNormals(kCentres, c);
      Normalise();
      centres.push_back(row_);
      DrawNormals(kMeans, c);
      means.push_back(row_);
    }
    const CounterRng clusters(seed_, kClusterOf);
    const double key_spread =
        workload_.key_spread / std::sqrt(static_cast<double>(size_.dims));
    out.keys.resize(size_.tokens, size_.dims);
    out.values.resize(size_.tokens, size_.dims);
    for (int64_t t = 0; t < size_.tokens; ++t) {
      const size_t cluster =
          centres.empty() ? 0 : clusters.Bits(static_cast<uint64_t>(t)) % centres.size();
      DrawNormals(kKeys, t);
      if (!centres.empty()) ShiftFrom(centres[cluster], key_spread);
      Normalise();
      Store(out.keys, t);
      DrawNormals(kValues, t);
      if (!means.empty()) ShiftFrom(means[cluster], workload_.value_spread);
      Store(out.values, t);
    }
  }

  // m different tokens: the beginning of a random order.
  std::vector<int64_t> AskedTokens() const {
    const CounterRng rng(seed_, kAskedTokens);
    std::vector<int64_t> order(static_cast<size_t>(size_.tokens));
    std::iota(order.begin(), order.end(), 0);
    for (size_t q = 0; q < static_cast<size_t>(size_.queries); ++q) {
      std::swap(order[q], order[q + rng.Bits(q) % (order.size() - q)]);
    }
    return order;
  }

  const GaussianWorkload& workload_;
  const WorkloadSize& size_;
  const uint64_t seed_;
  std::vector<double> row_;  // [d]
};

absl::Status CheckSize(const WorkloadSize& size) {
  if (size.queries < 1 || size.tokens < size.queries) {
    return absl::InvalidArgumentError(
        absl::StrCat("a workload of ", size.tokens, " tokens cannot have ", size.queries,
                     " queries: 1 or more, one a token at most"));
  }
  if (size.dims < 1 || size.tokens > kMaxWorkloadNumbers / size.dims) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a workload of ", size.tokens, " tokens of ", size.dims,
        " coordinates: d must be 1 or more and n d at most ", kMaxWorkloadNumbers));
  }
  return CheckScaleTokens(size.scale_tokens);
}

}  // namespace

absl::Span<const GaussianWorkload> GaussianWorkloads() { return kWorkloads; }

absl::StatusOr<AttentionWorkload> DrawWorkload(const GaussianWorkload& workload,
                                               const WorkloadSize& size, uint64_t seed) {
  KVWIRE_RETURN_IF_ERROR(CheckSize(size));
  return Drawing(workload, size, seed).Draw();
}

}  // namespace kvwire
