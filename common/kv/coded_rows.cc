#include "common/kv/coded_rows.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

constexpr int kHalfBits = 16;

bool IsFiniteHalf(uint64_t bits) { return (bits >> 10 & 31) != 31; }

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

absl::Status CodedRows::CheckRow(absl::Span<const float> row) const {
  for (const float number : row) {
    if (Eigen::numext::isfinite(Eigen::half(number))) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(number, " is over the range of binary16, which is 65504"));
  }
  return codec_->CheckRow(row);
}

void CodedRows::Append(absl::Span<const float> row) {
  if (!keeps_rows()) {
    const Matrix one = MatrixView(row.data(), 1, width_);
    std::vector<PackedBits*> out;
    for (PackedBits& bits : codes_) out.push_back(&bits);
    codec_->Encode(one, out);
    ++groups_;
    return;
  }
  for (const float number : row) waiting_.emplace_back(number);
  if (waiting() >= codec_->recent_rows() + codec_->group_rows()) EncodeOldestGroup();
}

// From the rounded rows, which are all that a restored state has.
void CodedRows::EncodeOldestGroup() {
  const int64_t count = codec_->group_rows() * width_;
  Matrix rows(codec_->group_rows(), width_);
  std::transform(waiting_.begin(), waiting_.begin() + count, rows.data(),
                 [](Eigen::half number) { return static_cast<float>(number); });
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  std::vector<PackedBits*> out;
  for (PackedBits& bits : codes_) out.push_back(&bits);
  codec_->Encode(rows, out);
  ++groups_;
}

void CodedRows::Decode(int64_t first, Eigen::Ref<Matrix> out) const {
  const int64_t group_rows = codec_->group_rows();
  int64_t done = 0;
  for (; done < out.rows() && first + done < groups_ * group_rows; done += group_rows) {
    std::vector<BitReader> in;
    for (size_t i = 0; i < fields_.size(); ++i) {
      in.emplace_back(codes_[i], (first + done) / group_rows * fields_[i].bits);
    }
    codec_->Decode(absl::MakeSpan(in), out.middleRows(done, group_rows));
  }
  for (; done < out.rows(); ++done) {
    const int64_t row = first + done - groups_ * group_rows;
    for (int64_t j = 0; j < width_; ++j) {
      out(done, j) = static_cast<float>(waiting_[static_cast<size_t>(row * width_ + j)]);
    }
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
                     const Eigen::half* from = waiting_.data() + row * width_;
                     piece.append(reinterpret_cast<const char*>(from),
                                  static_cast<size_t>(width_) * sizeof(Eigen::half));
                   });
}

absl::Status CodedRows::BeginSection(size_t index, SnapshotSection section,
                                     int64_t most_rows) {
  restoring_ = index;
  if (index >= fields_.size()) {
    KVWIRE_RETURN_IF_ERROR(section_.Begin(section, SectionContent::kRows16));
    const int64_t most_waiting = codec_->group_rows() + codec_->recent_rows() - 1;
    const int64_t row_bits = width_ * kHalfBits;
    const int64_t waiting = section.bits / row_bits;
    const int64_t coded = groups_ * codec_->group_rows();
    if (section.bits % row_bits != 0 || waiting > most_waiting ||
        coded + waiting > most_rows || GroupsOf(coded + waiting) != groups_) {
      return absl::DataLossError(absl::StrCat(section.bits, " bits of waiting rows after ",
                                              groups_, " groups are not those of a state"));
    }
    return absl::OkStatus();
  }
  const CodeField& field = fields_[index];
  KVWIRE_RETURN_IF_ERROR(section_.Begin(section, field.content));
  const int64_t groups = section.bits / field.bits;
  if (index == 0 && groups <= most_rows / codec_->group_rows()) groups_ = groups;
  if (section.bits % field.bits != 0 || groups != groups_) {
    return absl::DataLossError(absl::StrCat(
        "a section of ", section.bits, " bits does not hold ", index == 0 ? "at most " : "",
        index == 0 ? most_rows / codec_->group_rows() : groups_, " groups of ", field.bits));
  }
  return absl::OkStatus();
}

absl::Status CodedRows::RestoreBytes(std::string_view piece) {
  return section_.Append(piece,
                         restoring_ < codes_.size() ? codes_[restoring_] : restored_waiting_);
}

absl::Status CodedRows::EndSection() {
  if (restoring_ >= codes_.size()) return TakeWaiting();
  KVWIRE_RETURN_IF_ERROR(section_.End(codes_[restoring_]));
  return CheckNumbers(fields_[restoring_], codes_[restoring_]);
}

// Scales and norms of 16 bits are binary16 and must be finite, or answers would not be.
absl::Status CodedRows::CheckNumbers(const CodeField& field, const PackedBits& bits) const {
  const bool numbers =
      field.content == SectionContent::kScales || field.content == SectionContent::kNorms;
  if (!numbers || field.symbol_bits != kHalfBits) return absl::OkStatus();
  for (int64_t at = 0; at < bits.bits(); at += kHalfBits) {
    if (IsFiniteHalf(bits.Get(at, kHalfBits))) continue;
    return absl::DataLossError(absl::StrCat("number ", at / kHalfBits, " of a section of ",
                                            std::string(SectionContentName(field.content)),
                                            " is not finite"));
  }
  return absl::OkStatus();
}

absl::Status CodedRows::TakeWaiting() {
  KVWIRE_RETURN_IF_ERROR(section_.End(restored_waiting_));
  for (int64_t at = 0; at < restored_waiting_.bits(); at += kHalfBits) {
    const uint64_t number = restored_waiting_.Get(at, kHalfBits);
    if (!IsFiniteHalf(number)) return absl::DataLossError("a waiting row is not finite");
    waiting_.push_back(Eigen::numext::bit_cast<Eigen::half>(static_cast<uint16_t>(number)));
  }
  restored_waiting_ = PackedBits();
  return absl::OkStatus();
}

}  // namespace kvwire
