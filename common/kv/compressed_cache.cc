#include "common/kv/compressed_cache.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/base/varint.h"

namespace kvwire {

CompressedCache::CompressedCache(const CacheSetup& setup, std::unique_ptr<KvCache> inner,
                                 std::unique_ptr<SectionCodec> codec)
    : inner_(std::move(inner)),
      codec_(std::move(codec)),
      kinds_(inner_->Sections()),
      reader_(*codec_, *inner_, setup.memory_limit_bytes) {}

absl::Status CompressedCache::Append(const TokenBlock& block) {
  KVWIRE_RETURN_IF_ERROR(inner_->Append(block));
  ForgetPlans();
  return absl::OkStatus();
}

void CompressedCache::ForgetPlans() {
  const std::lock_guard lock(plans_mutex_);
  plans_.reset();
}

absl::Status CompressedCache::Attend(
    const Eigen::Ref<const Matrix>& queries,
    // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
    Eigen::Ref<Matrix> out) const {
  return inner_->Attend(queries, out);
}

std::vector<CompressedCache::Plan> CompressedCache::Plans() const {
  const std::lock_guard lock(plans_mutex_);
  if (!plans_.has_value()) {
    const std::vector<SnapshotSection> sections = inner_->Sections();
    plans_.emplace();
    for (size_t i = 0; i < sections.size(); ++i) plans_->push_back(PlanOf(i, sections[i]));
  }
  return *plans_;
}

CompressedCache::Plan CompressedCache::PlanOf(size_t index,
                                              const SnapshotSection& section) const {
  Plan plan{.section = section};
  if (section.bits == 0) return plan;
  int64_t bytes = 0;
  const auto is_shorter = [&] {
    return CodedBodyBytes(section, bytes) < RawBodyBytes(section);
  };
  const absl::Status encoded = Encode(index, section, [&](std::string_view code) {
    bytes += static_cast<int64_t>(code.size());
    return is_shorter() ? absl::OkStatus() : absl::CancelledError("no shorter than it was");
  });
  plan.coded = encoded.ok() && is_shorter();
  plan.body_bits = plan.coded ? 8 * CodedBodyBytes(section, bytes) : 8 + section.bits;
  return plan;
}

absl::Status CompressedCache::Encode(size_t index, const SnapshotSection& section,
                                     ByteSink sink) const {
  const std::unique_ptr<ByteFilter> encoder = codec_->NewEncoder(section);
  KVWIRE_RETURN_IF_ERROR(inner_->WriteSection(
      index, [&](std::string_view piece) { return encoder->Append(piece, sink); }));
  return encoder->Finish(sink);
}

std::vector<SnapshotSection> CompressedCache::Sections() const {
  std::vector<SnapshotSection> sections;
  for (const Plan& plan : Plans()) sections.push_back({plan.section.content, plan.body_bits});
  return sections;
}

absl::Status CompressedCache::WriteSection(size_t index, ByteSink sink) const {
  const Plan plan = Plans()[index];
  if (plan.section.bits == 0) return absl::OkStatus();
  std::string length;
  AppendVarint(plan.coded ? static_cast<uint64_t>(plan.section.bits) : 0, length);
  KVWIRE_RETURN_IF_ERROR(sink(length));
  return plan.coded ? Encode(index, plan.section, sink) : inner_->WriteSection(index, sink);
}

absl::Status CompressedCache::BeginSection(int64_t tokens, SnapshotSection section) {
  KVWIRE_RETURN_IF_ERROR(reader_.End());
  if (begun_ == kinds_.size()) {
    return absl::DataLossError(absl::StrCat("a section of ",
                                            std::string(SectionContentName(section.content)),
                                            " where none of that kind is due"));
  }
  return reader_.Begin(tokens, section, kinds_[begun_++]);
}

absl::Status CompressedCache::EndRestore() {
  KVWIRE_RETURN_IF_ERROR(reader_.End());
  ForgetPlans();
  return inner_->EndRestore();
}

}  // namespace kvwire
