#ifndef KVWIRE_COMMON_KV_CODED_ROWS_H_
#define KVWIRE_COMMON_KV_CODED_ROWS_H_

// The keys of tokens, or their values, as a RowCodec keeps them: coded groups, and after
// them the rows that wait for their group to be full, at binary16. A group is coded once
// and never again.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/matrix.h"
#include "common/kv/bits_section.h"
#include "common/kv/half_queue.h"
#include "common/kv/packed_bits.h"
#include "common/kv/row_codec.h"
#include "common/kv/snapshot_section.h"

namespace kvwire {

class CodedRows {
 public:
  CodedRows(std::unique_ptr<RowCodec> codec, int64_t width);

  int64_t rows() const { return groups_ * codec_->group_rows() + waiting(); }
  int64_t group_rows() const { return codec_->group_rows(); }

  // The exact size of `rows` rows, or the largest int64_t where that is smaller.
  int64_t BitsOf(int64_t rows) const;
  // The last count on the way to `rows` at which the next row completed a group, or `rows`:
  // rows that wait may be larger than what becomes of them.
  int64_t RowsBeforeLastGroup(int64_t rows) const;

  // OK, or INVALID_ARGUMENT: a number over the range of binary16, and RowCodec::CheckRow.
  absl::Status CheckRow(absl::Span<const float> row) const;
  // Appends `count` rows, row(i) [w] being checked; several threads code groups of them.
  void Append(int64_t count, absl::FunctionRef<absl::Span<const float>(int64_t)> row);

  // Writes rows first .. first + out.rows() - 1 into `out`. `first` is a multiple of
  // group_rows(), and so is the count unless the range ends with rows().
  void Decode(int64_t first, Eigen::Ref<Matrix> out) const;

  // As of KvCache: one a field of the codec, and the waiting rows if there can be any.
  std::vector<SnapshotSection> Sections() const;
  absl::Status WriteSection(size_t index, ByteSink sink) const;

  // Restoring: sections in order, each begun, filled and ended. Takes no more than
  // `most_rows` rows. Errors as KvCache::BeginSection.
  absl::Status BeginSection(size_t index, SnapshotSection section, int64_t most_rows);
  absl::Status RestoreBytes(std::string_view piece);
  absl::Status EndSection();

 private:
  int64_t waiting() const { return waiting_.size() / width_; }
  // One more would make a group.
  int64_t most_waiting() const { return codec_->group_rows() + codec_->recent_rows() - 1; }
  bool keeps_rows() const { return most_waiting() > 0; }
  // How many groups of `rows` rows are coded.
  int64_t GroupsOf(int64_t rows) const;
  // Codes `count` groups more, of which fill(group, rows) writes the rows [G, w].
  using GroupFiller = absl::FunctionRef<void(int64_t group, Matrix& rows)>;
  void EncodeGroups(int64_t count, GroupFiller fill);
  // Codes groups first .. end - 1 of these and appends their bits to `out`, one a field.
  void EncodePart(int64_t first, int64_t end, GroupFiller fill,
                  absl::Span<PackedBits> out) const;
  absl::Status BeginField(const SnapshotSection& section, int64_t most_rows);
  absl::Status BeginWaiting(const SnapshotSection& section, int64_t most_rows);
  absl::Status CheckNumbers(const CodeField& field, const PackedBits& bits) const;
  absl::Status TakeWaiting();

  std::unique_ptr<RowCodec> codec_;
  int64_t width_;
  std::vector<CodeField> fields_;
  int64_t groups_ = 0;
  std::vector<PackedBits> codes_;  // one a field
  HalfQueue waiting_;              // [waiting(), w]

  size_t restoring_ = 0;  // the section that bytes go to
  BitsSection section_;
  PackedBits restored_waiting_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_CODED_ROWS_H_
