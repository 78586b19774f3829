#ifndef KVWIRE_COMMON_KV_LAYER_PAIR_H_
#define KVWIRE_COMMON_KV_LAYER_PAIR_H_

// Two neighbouring layers of a model in one cache, as MiniCache means them: a token of the
// cache is the lower layer's, then the upper layer's, 2 d coordinates of keys and of values,
// and each layer is asked for itself, over its half. Any cache whose state is a set of tokens
// will do; minicache merges the halves. Thread-compatible, as the cache.

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/matrix.h"
#include "common/kv/kv_cache.h"
#include "common/kv/row_cache.h"

namespace kvwire {

enum class Layer { kLower, kUpper };

class LayerPair {
 public:
  // A pair over `cache`, new or restored, which was made with `setup`, of 2 d dimensions.
  // Returns INVALID_ARGUMENT if these are odd, if attention is not ordinary, or if the
  // cache's state is no set of tokens.
  static absl::StatusOr<LayerPair> Create(const CacheSetup& setup,
                                          std::unique_ptr<KvCache> cache);

  // Appends tokens of both layers: blocks of the same rows, [rows, d] each, that both close
  // the scale or both do not. Policies that go by scores see those of a token in both
  // layers, added, with the cache's scale. Returns INVALID_ARGUMENT if the blocks differ, or
  // as KvCache::Append.
  absl::Status Append(const TokenBlock& lower, const TokenBlock& upper);

  // Writes the attention output of one layer's `queries` [m, d] over its keys and values
  // into `out` [m, d]; the spec's scale=rsqrt is 1/sqrt(d). Errors as KvCache::Attend.
  absl::Status Attend(Layer layer, const Eigen::Ref<const Matrix>& queries,
                      Eigen::Ref<Matrix> out) const;

  int64_t dims() const { return layer_setup_.dims; }  // d, of a layer
  // The whole state, for WriteSnapshot and StateBits.
  const KvCache& cache() const { return *cache_; }

 private:
  LayerPair(const CacheSetup& setup, std::unique_ptr<KvCache> cache);

  CacheSetup layer_setup_;  // as if a layer had a cache of its own
  std::unique_ptr<KvCache> cache_;
  const RowCache* rows_;  // the same
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_LAYER_PAIR_H_
