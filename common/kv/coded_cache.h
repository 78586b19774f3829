#ifndef KVWIRE_COMMON_KV_CODED_CACHE_H_
#define KVWIRE_COMMON_KV_CODED_CACHE_H_

// The cache of every quantiser: a codec for keys, one for values. Tokens whose key and
// value are zero are counted, not coded: each weighs e^0 in closed form. The sections are
// those of the keys, then those of the values; the container's token count less the rows
// is the count of zeros.

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/kv/coded_rows.h"
#include "common/kv/row_cache.h"
#include "common/kv/row_codec.h"

namespace kvwire {

class CodedCache : public RowCache {
 public:
  // Codecs of rows [w], w = setup.row_width(); the group_rows() of one must be a multiple
  // of the other's. Returns RESOURCE_EXHAUSTED as KvAlgorithm::create.
  static absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup,
                                                         std::unique_ptr<RowCodec> keys,
                                                         std::unique_ptr<RowCodec> values);

  absl::Status Append(const TokenBlock& block) override;
  int64_t tokens() const override { return tokens_; }
  std::vector<SnapshotSection> Sections() const override;
  absl::Status WriteSection(size_t index, ByteSink sink) const override;
  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override;
  absl::Status EndRestore() override;
  void VisitRows(BlockVisitor visitor) const override;
  int64_t ZeroRows() const override { return tokens_ - keys_.rows(); }
  absl::Status CheckRow(absl::Span<const float> key,
                        absl::Span<const float> value) const override;
  int64_t PeakBytes(int64_t rows) const override;

 private:
  CodedCache(const CacheSetup& setup, std::unique_ptr<RowCodec> keys,
             std::unique_ptr<RowCodec> values);

  // The whole bytes of `rows` rows, saturating.
  int64_t BytesOf(int64_t rows) const;
  // Row `row` of the keys or values of a block, zeros where there are none.
  absl::Span<const float> RowOf(const float* rows, int64_t row) const;
  // The rows of a block that are not zero, or why one of them cannot be coded.
  absl::StatusOr<std::vector<int64_t>> CodableRows(const TokenBlock& block) const;
  absl::Status EndSection();

  int64_t tokens_ = 0;
  std::vector<float> zeros_;  // [w]
  CodedRows keys_;
  CodedRows values_;
  size_t key_sections_;
  size_t section_count_;
  size_t begun_ = 0;  // sections, while restoring
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_CODED_CACHE_H_
