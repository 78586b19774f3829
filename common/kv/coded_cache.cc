#include "common/kv/coded_cache.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

// Decoded at once: enough for matrix products, little beside the state.
constexpr int64_t kVisitedRows = 256;

}  // namespace

absl::StatusOr<std::unique_ptr<KvCache>> CodedCache::Create(const CacheSetup& setup,
                                                            std::unique_ptr<RowCodec> keys,
                                                            std::unique_ptr<RowCodec> values) {
  auto cache =
      std::unique_ptr<CodedCache>(new CodedCache(setup, std::move(keys), std::move(values)));
  if (setup.frame.has_value()) {
    KVWIRE_RETURN_IF_ERROR(cache->CheckRows(setup.frame->rows()));
  }
  return cache;
}

CodedCache::CodedCache(const CacheSetup& setup, std::unique_ptr<RowCodec> keys,
                       std::unique_ptr<RowCodec> values)
    : RowCache(setup),
      keys_(std::move(keys), width()),
      values_(std::move(values), width()),
      key_sections_(keys_.Sections().size()),
      section_count_(key_sections_ + values_.Sections().size()) {}

absl::Status CodedCache::CheckRows(int64_t rows) const {
  const int64_t bits = SaturatingSum(keys_.BitsOf(rows), values_.BitsOf(rows));
  return CheckMemory(bits / 8, setup().memory_limit_bytes);
}

absl::StatusOr<std::vector<int64_t>> CodedCache::CodableRows(const TokenBlock& block) const {
  KVWIRE_ASSIGN_OR_RETURN(std::vector<int64_t> stored,
                          StoredRows<float>(block, width(), tokens_));
  const auto half = static_cast<size_t>(width());
  std::vector<float> row(2 * half);
  for (const int64_t i : stored) {
    LoadRow<float>(block, i, width(), absl::MakeSpan(row));
    absl::Status status = keys_.CheckRow(absl::MakeConstSpan(row.data(), half));
    if (status.ok()) status = values_.CheckRow(absl::MakeConstSpan(row.data() + half, half));
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("token ", tokens_ + i, ": ", status.message()));
    }
  }
  return stored;
}

absl::Status CodedCache::Append(const TokenBlock& block) {
  KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup(), tokens_));
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<int64_t> stored, CodableRows(block));
  KVWIRE_RETURN_IF_ERROR(CheckRows(keys_.rows() + static_cast<int64_t>(stored.size())));
  const auto half = static_cast<size_t>(width());
  std::vector<float> row(2 * half);
  for (const int64_t i : stored) {
    LoadRow<float>(block, i, width(), absl::MakeSpan(row));
    keys_.Append(absl::MakeConstSpan(row.data(), half));
    values_.Append(absl::MakeConstSpan(row.data() + half, half));
  }
  tokens_ += block.rows;
  return absl::OkStatus();
}

std::vector<SnapshotSection> CodedCache::Sections() const {
  std::vector<SnapshotSection> sections = keys_.Sections();
  const std::vector<SnapshotSection> values = values_.Sections();
  sections.insert(sections.end(), values.begin(), values.end());
  return sections;
}

absl::Status CodedCache::WriteSection(size_t index, ByteSink sink) const {
  return index < key_sections_ ? keys_.WriteSection(index, sink)
                               : values_.WriteSection(index - key_sections_, sink);
}

absl::Status CodedCache::BeginSection(int64_t tokens, SnapshotSection section) {
  KVWIRE_RETURN_IF_ERROR(EndSection());
  if (begun_ == section_count_) {
    return absl::DataLossError(absl::StrCat("more than ", section_count_, " sections"));
  }
  const size_t index = begun_++;
  tokens_ = tokens;
  KVWIRE_RETURN_IF_ERROR(index < key_sections_
                             ? keys_.BeginSection(index, section, tokens)
                             : values_.BeginSection(index - key_sections_, section, tokens));
  return CheckRows(std::max(keys_.rows(), values_.rows()));
}

absl::Status CodedCache::RestoreBytes(std::string_view piece) {
  return begun_ <= key_sections_ ? keys_.RestoreBytes(piece) : values_.RestoreBytes(piece);
}

absl::Status CodedCache::EndSection() {
  if (begun_ == 0) return absl::OkStatus();
  return begun_ <= key_sections_ ? keys_.EndSection() : values_.EndSection();
}

absl::Status CodedCache::EndRestore() {
  KVWIRE_RETURN_IF_ERROR(EndSection());
  if (begun_ != section_count_) {
    return absl::DataLossError(
        absl::StrCat("sections are missing: there are ", begun_, " of ", section_count_));
  }
  if (keys_.rows() != values_.rows() || keys_.rows() > tokens_) {
    return absl::DataLossError(absl::StrCat(keys_.rows(), " keys and ", values_.rows(),
                                            " values in a stream of ", tokens_, " tokens"));
  }
  return absl::OkStatus();
}

void CodedCache::VisitRows(BlockVisitor visitor) const {
  const int64_t group = std::max(keys_.group_rows(), values_.group_rows());
  const int64_t step = (kVisitedRows + group - 1) / group * group;
  Matrix keys;
  Matrix values;
  for (int64_t first = 0; first < keys_.rows(); first += step) {
    const int64_t count = std::min(step, keys_.rows() - first);
    keys.resize(count, width());
    values.resize(count, width());
    keys_.Decode(first, keys);
    values_.Decode(first, values);
    visitor(
        {MatrixView(keys.data(), count, width()), MatrixView(values.data(), count, width())});
  }
}

}  // namespace kvwire
