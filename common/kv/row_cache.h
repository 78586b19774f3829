#ifndef KVWIRE_COMMON_KV_ROW_CACHE_H_
#define KVWIRE_COMMON_KV_ROW_CACHE_H_

// A cache whose state is a set of tokens, whatever it was rounded from: exact and
// evicting caches, and quantisers. It answers by attention over them.

#include <cstdint>

#include "absl/types/span.h"
#include "common/attention/softmax_attention.h"
#include "common/kv/kv_cache.h"

namespace kvwire {

class RowCache : public KvCache {
 public:
  // Answers over the tokens of VisitRows and ZeroRows, by the setup's kind of attention
  // and with its scale. Errors as documented there.
  absl::Status Attend(const Eigen::Ref<const Matrix>& queries,
                      Eigen::Ref<Matrix> out) const final;

  const RowCache* AsRows() const final { return this; }

  // The visible tokens but the zero ones, keys and values [rows, w], always in the same
  // order and, once the open scale is closed, cut in the same way as by a restored
  // cache: equal states answer alike, to the bit. May be called from several threads and
  // from within a visit.
  virtual void VisitRows(BlockVisitor visitor) const = 0;

  // How many visible tokens have a key and a value of zeros.
  virtual int64_t ZeroRows() const = 0;

  // For wrappers, which hand tokens on later than they take them: what Append would say to
  // the numbers of a finite token [w], wherever in the stream it comes. OK, or
  // INVALID_ARGUMENT without the token's place.
  virtual absl::Status CheckRow(absl::Span<const float> /*key*/,
                                absl::Span<const float> /*value*/) const {
    return absl::OkStatus();
  }
  // The most bytes that are held against the memory limit while `rows` tokens that are not
  // zero are taken one by one, saturating. Unless it says more, each as it is at binary32.
  virtual int64_t PeakBytes(int64_t rows) const;

 protected:
  explicit RowCache(const CacheSetup& setup) : setup_(setup) {}

  const CacheSetup& setup() const { return setup_; }
  int64_t width() const { return setup_.row_width(); }  // w

 private:
  CacheSetup setup_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ROW_CACHE_H_
