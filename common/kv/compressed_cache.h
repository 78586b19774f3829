#ifndef KVWIRE_COMMON_KV_COMPRESSED_CACHE_H_
#define KVWIRE_COMMON_KV_COMPRESSED_CACHE_H_

// A cache whose snapshot is that of another cache with its sections coded, each one of the
// same content in the same place (compressed_section.h has the grammar). What the state is
// worth is then what is sent: StateBits() counts the codes.
//
// A section is encoded twice: for its length, which stands before it, and to be written;
// lengths are kept until the next Append. No second copy of the state is made. A reader
// insists on the one spelling of a section, whether it is coded included, if the codec
// has_one_spelling(): encoding once more what is not coded shows it.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "common/kv/compressed_section.h"
#include "common/kv/kv_cache.h"
#include "common/kv/section_codec.h"

namespace kvwire {

class CompressedCache : public KvCache {
 public:
  // Around `inner`, which is empty and was created from `setup`.
  CompressedCache(const CacheSetup& setup, std::unique_ptr<KvCache> inner,
                  std::unique_ptr<SectionCodec> codec);

  absl::Status Append(const TokenBlock& block) override;
  absl::Status Attend(const Eigen::Ref<const Matrix>& queries,
                      Eigen::Ref<Matrix> out) const override;
  int64_t tokens() const override { return inner_->tokens(); }
  const RowCache* AsRows() const override { return inner_->AsRows(); }

  std::vector<SnapshotSection> Sections() const override;
  absl::Status WriteSection(size_t index, ByteSink sink) const override;

  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override { return reader_.Append(piece); }
  absl::Status EndRestore() override;

 private:
  // How a section is written.
  struct Plan {
    SnapshotSection section;  // of the inner cache
    int64_t body_bits = 0;
    bool coded = false;
  };

  void ForgetPlans();
  std::vector<Plan> Plans() const;
  Plan PlanOf(size_t index, const SnapshotSection& section) const;
  absl::Status Encode(size_t index, const SnapshotSection& section, ByteSink sink) const;

  std::unique_ptr<KvCache> inner_;
  std::unique_ptr<SectionCodec> codec_;
  std::vector<SnapshotSection> kinds_;  // contents and symbols, the same for every state

  mutable std::mutex plans_mutex_;
  mutable std::optional<std::vector<Plan>> plans_;  // of the state as it is

  CompressedSectionReader reader_;
  size_t begun_ = 0;  // sections, while restoring
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_COMPRESSED_CACHE_H_
