#include "common/kv/coded_rows.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/little_endian.h"
#include "common/base/parallel.h"
#include "common/base/status_macros.h"
#include "common/kv/row_content.h"
#include "common/kv/small_float.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

constexpr int kHalfBits = 16;

// Halfway between the largest number of binary16 and what would be the next.
constexpr float kHalfOverflow = 65520;

// Rows that one thread codes one after the other.
constexpr int64_t kRowsAtOnce = 64;

}  // namespace

CodedRows::CodedRows(std::unique_ptr<RowCodec> codec, int64_t width)
    : codec_(std::move(codec)),
      width_(width),
      fields_(codec_->fields()),
      codes_(fields_.size()) {}

int64_t CodedRows::GroupsOf(int64_t rows) const {
  return std::max(int64_t{0}, rows - codec_->recent_rows()) / codec_->group_rows();
}

int64_t CodedRows::BitsOf(int64_t rows) const {
  int64_t group_bits = 0;
  for (const CodeField& field : fields_) group_bits += field.bits;
  const int64_t groups = GroupsOf(rows);
  const int64_t waiting_bits =
      SaturatingProduct(rows - groups * codec_->group_rows(), width_ * kHalfBits);
  const int64_t coded_bits = SaturatingProduct(groups, group_bits);
  return SaturatingSum(coded_bits, waiting_bits);
}

int64_t CodedRows::RowsBeforeLastGroup(int64_t rows) const {
  const int64_t groups = GroupsOf(rows);
  return groups == 0 ? rows : (groups - 1) * codec_->group_rows() + most_waiting();
}

absl::Status CodedRows::CheckRow(absl::Span<const float> row) const {
  if (AllSmaller(row, kHalfOverflow)) return codec_->CheckRow(row);
  const float* const large = std::find_if_not(
      row.begin(), row.end(), [](float number) { return std::abs(number) < kHalfOverflow; });
  return absl::InvalidArgumentError(
      absl::StrCat(*large, " is over the range of binary16, which is 65504"));
}

void CodedRows::Append(int64_t count,
                       absl::FunctionRef<absl::Span<const float>(int64_t)> row) {
  if (!keeps_rows()) {
    EncodeGroups(count, [&](int64_t group, Matrix& rows) {
      const absl::Span<const float> numbers = row(group);
      std::copy(numbers.begin(), numbers.end(), rows.data());
    });
    return;
  }
  for (int64_t i = 0; i < count; ++i) RoundRow<Eigen::half>(row(i), waiting_.Extend(width_));
  if (waiting() <= most_waiting()) return;
  // From the rounded rows, which are all that a restored state has.
  const int64_t group_size = codec_->group_rows() * width_;
  const int64_t groups = (waiting() - codec_->recent_rows()) / codec_->group_rows();
  EncodeGroups(groups, [&](int64_t group, Matrix& rows) {
    WidenRow(waiting_.Part(group * group_size, group_size), rows.data());
  });
  waiting_.DropFront(groups * group_size);
}

void CodedRows::EncodePart(int64_t first, int64_t end, GroupFiller fill,
                           absl::Span<PackedBits> out) const {
  std::vector<PackedBits*> outputs;
  for (PackedBits& bits : out) outputs.push_back(&bits);
  Matrix rows(codec_->group_rows(), width_);
  for (int64_t group = first; group < end; ++group) {
    fill(group, rows);
    codec_->Encode(rows, outputs);
  }
}

void CodedRows::EncodeGroups(int64_t count, GroupFiller fill) {
  const int64_t at_once = std::max<int64_t>(1, kRowsAtOnce / codec_->group_rows());
  const int64_t parts = (count + at_once - 1) / at_once;
  groups_ += count;
  if (parts <= 1 || ParallelThreads() == 1) {
    EncodePart(0, count, fill, absl::MakeSpan(codes_));
    return;
  }
  std::vector<std::vector<PackedBits>> codes(static_cast<size_t>(parts));
  ParallelFor(parts, [&](int64_t part) {
    std::vector<PackedBits>& mine = codes[static_cast<size_t>(part)];
    mine.resize(fields_.size());
    EncodePart(part * at_once, std::min(count, (part + 1) * at_once), fill,
               absl::MakeSpan(mine));
  });
  for (const std::vector<PackedBits>& part : codes) {
    for (size_t i = 0; i < part.size(); ++i) codes_[i].Append(part[i]);
  }
}

void CodedRows::Decode(int64_t first, Eigen::Ref<Matrix> out) const {
  const int64_t group_rows = codec_->group_rows();
  std::vector<BitReader> in;
  in.reserve(fields_.size());
  int64_t done = 0;
  for (; done < out.rows() && first + done < groups_ * group_rows; done += group_rows) {
    in.clear();
    for (size_t i = 0; i < fields_.size(); ++i) {
      in.emplace_back(codes_[i], (first + done) / group_rows * fields_[i].bits);
    }
    codec_->Decode(absl::MakeSpan(in), out.middleRows(done, group_rows));
  }
  for (; done < out.rows(); ++done) {
    const int64_t row = first + done - groups_ * group_rows;
    WidenRow(waiting_.Part(row * width_, width_), out.row(done).data());
  }
}

std::vector<SnapshotSection> CodedRows::Sections() const {
  std::vector<SnapshotSection> sections;
  for (const CodeField& field : fields_) {
    sections.push_back(
        {field.content, groups_ * field.bits, field.symbol_bits, field.row_symbols});
  }
  if (keeps_rows()) {
    sections.push_back(
        {SectionContent::kRows16, waiting() * width_ * kHalfBits, 8, 2 * width_});
  }
  return sections;
}

absl::Status CodedRows::WriteSection(size_t index, ByteSink sink) const {
  if (index < codes_.size()) return codes_[index].Write(sink);
  return WriteRows(waiting(), width_ * kHalfBits / 8, sink,
                   [this](int64_t row, std::string& piece) {
                     for (const Eigen::half number : waiting_.Part(row * width_, width_)) {
                       AppendLittleEndian(Eigen::numext::bit_cast<uint16_t>(number), piece);
                     }
                   });
}

absl::Status CodedRows::BeginSection(size_t index, SnapshotSection section,
                                     int64_t most_rows) {
  restoring_ = index;
  return index < fields_.size() ? BeginField(section, most_rows)
                                : BeginWaiting(section, most_rows);
}

absl::Status CodedRows::BeginField(const SnapshotSection& section, int64_t most_rows) {
  const CodeField& field = fields_[restoring_];
  KVWIRE_RETURN_IF_ERROR(section_.Begin(section, field.content));
  const bool first = restoring_ == 0;
  const int64_t most_groups = first ? most_rows / codec_->group_rows() : groups_;
  const int64_t groups = section.bits / field.bits;
  if (section.bits < 0 || section.bits % field.bits != 0 || groups > most_groups ||
      (!first && groups != groups_)) {
    return absl::DataLossError(absl::StrCat("a section of ", section.bits,
                                            " bits does not hold ", first ? "at most " : "",
                                            most_groups, " groups of ", field.bits));
  }
  groups_ = groups;
  return absl::OkStatus();
}

absl::Status CodedRows::BeginWaiting(const SnapshotSection& section, int64_t most_rows) {
  KVWIRE_RETURN_IF_ERROR(section_.Begin(section, SectionContent::kRows16));
  const int64_t row_bits = width_ * kHalfBits;
  const int64_t waiting = section.bits / row_bits;
  const int64_t coded = groups_ * codec_->group_rows();
  if (section.bits < 0 || section.bits % row_bits != 0 || waiting > most_waiting() ||
      coded + waiting > most_rows || GroupsOf(coded + waiting) != groups_) {
    return absl::DataLossError(absl::StrCat(section.bits, " bits of waiting rows after ",
                                            groups_, " groups are not those of a state"));
  }
  return absl::OkStatus();
}

absl::Status CodedRows::RestoreBytes(std::string_view piece) {
  return section_.Append(piece,
                         restoring_ < codes_.size() ? codes_[restoring_] : restored_waiting_);
}

absl::Status CodedRows::EndSection() {
  if (restoring_ >= codes_.size()) return TakeWaiting();
  const PackedBits& bits = codes_[restoring_];
  KVWIRE_RETURN_IF_ERROR(section_.End(codes_[restoring_]));
  KVWIRE_RETURN_IF_ERROR(CheckNumbers(fields_[restoring_], bits));
  return codec_->CheckField(restoring_, bits);
}

// Scales and norms of 16 bits are binary16 and must be finite, or answers would not be.
absl::Status CodedRows::CheckNumbers(const CodeField& field, const PackedBits& bits) const {
  const bool numbers =
      field.content == SectionContent::kScales || field.content == SectionContent::kNorms;
  if (!numbers || field.symbol_bits != kHalfBits) return absl::OkStatus();
  for (int64_t at = 0; at < bits.bits(); at += kHalfBits) {
    const auto code = static_cast<uint32_t>(bits.Get(at, kHalfBits));
    if (IsFiniteCode(SmallFloat::kBinary16, code)) continue;
    return absl::DataLossError(absl::StrCat("number ", at / kHalfBits, " of a section of ",
                                            std::string(SectionContentName(field.content)),
                                            " is not finite"));
  }
  return absl::OkStatus();
}

absl::Status CodedRows::TakeWaiting() {
  KVWIRE_RETURN_IF_ERROR(section_.End(restored_waiting_));
  for (int64_t at = 0; at < restored_waiting_.bits(); at += kHalfBits) {
    const auto code = static_cast<uint16_t>(restored_waiting_.Get(at, kHalfBits));
    if (!IsFiniteCode(SmallFloat::kBinary16, code)) {
      return absl::DataLossError("a waiting row is not finite");
    }
    *waiting_.Extend(1) = Eigen::numext::bit_cast<Eigen::half>(code);
  }
  restored_waiting_ = PackedBits();
  return absl::OkStatus();
}

}  // namespace kvwire
