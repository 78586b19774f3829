#include "common/kv/coded_cache.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/parallel.h"
#include "common/base/status_macros.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

// Decoded at once: enough for matrix products, little beside the state.
constexpr int64_t kVisitedRows = 256;
// And by one thread.
constexpr int64_t kPartRows = 32;

}  // namespace

absl::StatusOr<std::unique_ptr<KvCache>> CodedCache::Create(const CacheSetup& setup,
                                                            std::unique_ptr<RowCodec> keys,
                                                            std::unique_ptr<RowCodec> values) {
  auto cache =
      std::unique_ptr<CodedCache>(new CodedCache(setup, std::move(keys), std::move(values)));
  if (setup.frame.has_value()) {
    KVWIRE_RETURN_IF_ERROR(
        CheckMemory(cache->PeakBytes(setup.frame->rows()), setup.memory_limit_bytes));
  }
  return cache;
}

CodedCache::CodedCache(const CacheSetup& setup, std::unique_ptr<RowCodec> keys,
                       std::unique_ptr<RowCodec> values)
    : RowCache(setup),
      zeros_(static_cast<size_t>(width())),
      keys_(std::move(keys), width()),
      values_(std::move(values), width()),
      key_sections_(keys_.Sections().size()),
      section_count_(key_sections_ + values_.Sections().size()) {}

int64_t CodedCache::BytesOf(int64_t rows) const {
  return WholeBytes(SaturatingSum(keys_.BitsOf(rows), values_.BitsOf(rows)));
}

int64_t CodedCache::PeakBytes(int64_t rows) const {
  return std::max({BytesOf(rows), BytesOf(keys_.RowsBeforeLastGroup(rows)),
                   BytesOf(values_.RowsBeforeLastGroup(rows))});
}

absl::Span<const float> CodedCache::RowOf(const float* rows, int64_t row) const {
  if (rows == nullptr) return zeros_;
  return {rows + row * width(), static_cast<size_t>(width())};
}

absl::Status CodedCache::CheckRow(absl::Span<const float> key,
                                  absl::Span<const float> value) const {
  KVWIRE_RETURN_IF_ERROR(keys_.CheckRow(key));
  return values_.CheckRow(value);
}

absl::StatusOr<std::vector<int64_t>> CodedCache::CodableRows(const TokenBlock& block) const {
  std::vector<int64_t> stored;
  if (block.keys == nullptr && block.values == nullptr) return stored;
  for (int64_t i = 0; i < block.rows; ++i) {
    const absl::Span<const float> key = RowOf(block.keys, i);
    const absl::Span<const float> value = RowOf(block.values, i);
    if (ContentOf(key) == RowContent::kZero && ContentOf(value) == RowContent::kZero) continue;
    const absl::Status status = CheckRow(key, value);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("token ", tokens_ + i, ": ", std::string(status.message())));
    }
    stored.push_back(i);
  }
  return stored;
}

absl::Status CodedCache::Append(const TokenBlock& block) {
  KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup(), tokens_));
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<int64_t> stored, CodableRows(block));
  const int64_t rows = keys_.rows() + static_cast<int64_t>(stored.size());
  KVWIRE_RETURN_IF_ERROR(CheckMemory(PeakBytes(rows), setup().memory_limit_bytes));
  const auto count = static_cast<int64_t>(stored.size());
  keys_.Append(count,
               [&](int64_t i) { return RowOf(block.keys, stored[static_cast<size_t>(i)]); });
  values_.Append(
      count, [&](int64_t i) { return RowOf(block.values, stored[static_cast<size_t>(i)]); });
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
  return CheckMemory(BytesOf(std::max(keys_.rows(), values_.rows())),
                     setup().memory_limit_bytes);
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
  const int64_t part = (kPartRows + group - 1) / group * group;
  Matrix keys;
  Matrix values;
  for (int64_t first = 0; first < keys_.rows(); first += step) {
    const int64_t count = std::min(step, keys_.rows() - first);
    keys.resize(count, width());
    values.resize(count, width());
    ParallelFor((count + part - 1) / part, [&](int64_t i) {
      const int64_t start = i * part;
      const int64_t rows = std::min(part, count - start);
      keys_.Decode(first + start, keys.middleRows(start, rows));
      values_.Decode(first + start, values.middleRows(start, rows));
    });
    visitor(
        {MatrixView(keys.data(), count, width()), MatrixView(values.data(), count, width())});
  }
}

}  // namespace kvwire
