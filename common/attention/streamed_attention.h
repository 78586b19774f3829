#ifndef KVWIRE_COMMON_ATTENTION_STREAMED_ATTENTION_H_
#define KVWIRE_COMMON_ATTENTION_STREAMED_ATTENTION_H_

// Attention over tokens wherever they lie: what ordinary, pair and tensor attention share.

#include <cmath>
#include <cstdint>

#include "absl/types/span.h"
#include "common/attention/panel_group.h"
#include "common/attention/token_source.h"
#include "common/base/matrix.h"

namespace kvwire {

// The softmax mass of each query, e^top * mass.
class QueryMasses {
 public:
  explicit QueryMasses(int64_t queries) : tops_(queries), masses_(queries) {}

  const Eigen::ArrayXf& tops() const { return tops_; }
  const Eigen::ArrayXf& masses() const { return masses_; }
  double LogMass(int64_t query) const {
    return double{tops_[query]} + std::log(double{masses_[query]});
  }

  MassViews views() {
    const auto count = static_cast<size_t>(tops_.size());
    return {absl::Span<float>(tops_.data(), count), absl::Span<float>(masses_.data(), count)};
  }

 private:
  Eigen::ArrayXf tops_;
  Eigen::ArrayXf masses_;
};

// SoftmaxAttention (softmax_attention.h) over the source's tokens. Unless `masses` are
// empty, it writes them too.
void StreamAttention(const Eigen::Ref<const Matrix>& queries, TokenSource source,
                     int64_t zero_rows, Eigen::Ref<Matrix> out, const MassViews& masses);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_STREAMED_ATTENTION_H_
