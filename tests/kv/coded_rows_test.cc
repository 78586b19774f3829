#include "common/kv/coded_rows.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "common/kv/small_float.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kWidth = 3;

// Keeps each number at binary16 with the other sign, so that it can be seen which rows
// were coded, and how often; and the number of rows of a group as its norm.
class MirrorCodec : public RowCodec {
 public:
  MirrorCodec(int64_t group_rows, int64_t recent_rows)
      : group_rows_(group_rows), recent_rows_(recent_rows) {}

  int64_t group_rows() const override { return group_rows_; }
  int64_t recent_rows() const override { return recent_rows_; }

  std::vector<CodeField> fields() const override {
    return {{SectionContent::kCodes, group_rows_ * kWidth * 17, 1, 1},
            {SectionContent::kNorms, 16, 16, 1}};
  }

  absl::Status CheckRow(absl::Span<const float> row) const override {
    if (row[0] != 13) return absl::OkStatus();
    return absl::InvalidArgumentError("thirteen");
  }

  void Encode(const Matrix& rows, absl::Span<PackedBits* const> out) const override {
    for (const float number : rows.reshaped<Eigen::RowMajor>()) {
      out[0]->Put(RoundDown(SmallFloat::kBinary16, -number), 17);
    }
    out[1]->Put(RoundDown(SmallFloat::kBinary16, static_cast<float>(rows.rows())), 16);
  }

  absl::Status CheckField(size_t field, const PackedBits& bits) const override {
    if (field != 0 || bits.bits() == 0 || bits.Get(16, 1) == 0) return absl::OkStatus();
    return absl::DataLossError("a seventeenth bit");
  }

  void Decode(absl::Span<BitReader> in, Eigen::Ref<Matrix> rows) const override {
    for (int64_t i = 0; i < rows.rows(); ++i) {
      for (int64_t j = 0; j < kWidth; ++j) {
        rows(i, j) =
            SmallFloatValue(SmallFloat::kBinary16, static_cast<uint32_t>(in[0].Take(17)));
      }
    }
    EXPECT_EQ(SmallFloatValue(SmallFloat::kBinary16, static_cast<uint32_t>(in[1].Take(16))),
              static_cast<float>(rows.rows()));
  }

 private:
  int64_t group_rows_;
  int64_t recent_rows_;
};

CodedRows NewRows(int64_t group_rows, int64_t recent_rows) {
  return CodedRows(std::make_unique<MirrorCodec>(group_rows, recent_rows), kWidth);
}

std::vector<float> Row(int64_t index) {
  const auto base = static_cast<float>(4 * index + 1);
  return {base, base + 1, -base - 2};
}

void AppendRows(CodedRows& rows, int64_t first, int64_t count) {
  std::vector<std::vector<float>> held;
  for (int64_t i = 0; i < count; ++i) held.push_back(Row(first + i));
  rows.Append(count, [&held](int64_t i) -> absl::Span<const float> {
    return held[static_cast<size_t>(i)];
  });
}

// Written as the header has it: G rows are coded as soon as R more rows follow them.
int64_t CodedOf(int64_t rows, int64_t group_rows, int64_t recent_rows) {
  int64_t coded = 0;
  for (int64_t n = 1; n <= rows; ++n) {
    if (n - coded == group_rows + recent_rows) coded += group_rows;
  }
  return coded;
}

std::string BodyOf(const CodedRows& rows, size_t index) {
  std::string body;
  EXPECT_THAT(rows.WriteSection(index,
                                [&body](std::string_view piece) {
                                  body += piece;
                                  return absl::OkStatus();
                                }),
              IsOk());
  return body;
}

absl::Status Restore(CodedRows& rows, const std::vector<SnapshotSection>& sections,
                     const std::vector<std::string>& bodies, int64_t most_rows) {
  for (size_t i = 0; i < sections.size(); ++i) {
    absl::Status status = rows.BeginSection(i, sections[i], most_rows);
    if (status.ok()) status = rows.RestoreBytes(bodies[i]);
    if (status.ok()) status = rows.EndSection();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

void ExpectState(const CodedRows& rows, int64_t count, int64_t group, int64_t recent) {
  ASSERT_EQ(rows.rows(), count);
  const int64_t coded = CodedOf(count, group, recent);
  int64_t bits = 0;
  for (const SnapshotSection& section : rows.Sections()) bits += section.bits;
  EXPECT_EQ(bits, coded / group * (group * kWidth * 17 + 16) + (count - coded) * kWidth * 16);
  EXPECT_EQ(rows.BitsOf(count), bits);
  // From each row that a group begins with to each row that one ends with.
  for (int64_t first = 0; first < std::max(int64_t{1}, count); first += group) {
    for (int64_t end = first; end <= count; end += end + group <= count ? group : 1) {
      if ((end - first) % group != 0 && end != count) continue;
      Matrix out(end - first, kWidth);
      rows.Decode(first, out);
      for (int64_t i = first; i < end; ++i) {
        const float sign = i < coded ? -1.0F : 1.0F;
        for (int64_t j = 0; j < kWidth; ++j) {
          ASSERT_EQ(out(i - first, j), sign * Row(i)[static_cast<size_t>(j)]) << i;
        }
      }
    }
  }
}

TEST(CodedRowsTest, RowsAreCodedInGroupsOnceEnoughNewerOnesAreThere) {
  for (int64_t group = 1; group <= 4; ++group) {
    for (int64_t recent = 0; recent <= 4; ++recent) {
      CodedRows rows = NewRows(group, recent);
      for (int64_t count = 0; count <= 20; ++count) {
        ExpectState(rows, count, group, recent);
        AppendRows(rows, count, 1);
      }
    }
  }
}

// Of many rows, several threads take parts that end anywhere in a byte.
TEST(CodedRowsTest, RowsThatComeTogetherAreCodedAsThoseThatComeOneByOne) {
  for (int64_t group = 1; group <= 3; ++group) {
    for (const int64_t recent : {0, 2, 70}) {
      CodedRows single = NewRows(group, recent);
      CodedRows together = NewRows(group, recent);
      int64_t count = 0;
      for (const int64_t more : {1, 5, 64, 333, 2}) {
        AppendRows(together, count, more);
        for (int64_t i = 0; i < more; ++i) AppendRows(single, count + i, 1);
        count += more;
        for (size_t i = 0; i < single.Sections().size(); ++i) {
          EXPECT_EQ(single.Sections()[i].bits, together.Sections()[i].bits);
          EXPECT_TRUE(BodyOf(single, i) == BodyOf(together, i)) << group << " " << recent;
        }
      }
    }
  }
}

TEST(CodedRowsTest, ARestoredStateGoesOnAsIfItHadNeverStopped) {
  for (int64_t group = 1; group <= 3; ++group) {
    for (int64_t recent = 0; recent <= 3; ++recent) {
      for (int64_t stop = 0; stop <= 10; ++stop) {
        CodedRows straight = NewRows(group, recent);
        for (int64_t i = 0; i < stop; ++i) AppendRows(straight, i, 1);
        std::vector<std::string> bodies;
        for (size_t i = 0; i < straight.Sections().size(); ++i) {
          bodies.push_back(BodyOf(straight, i));
        }
        CodedRows restored = NewRows(group, recent);
        ASSERT_THAT(Restore(restored, straight.Sections(), bodies, stop), IsOk());
        for (int64_t count = stop; count < stop + 7; ++count) {
          ExpectState(restored, count, group, recent);
          AppendRows(straight, count, 1);
          AppendRows(restored, count, 1);
          for (size_t i = 0; i < bodies.size(); ++i) {
            EXPECT_EQ(BodyOf(restored, i), BodyOf(straight, i));
          }
        }
      }
    }
  }
}

TEST(CodedRowsTest, TheLargestStateIsBeforeTheLastGroupOrTheLast) {
  for (int64_t group = 1; group <= 4; ++group) {
    for (int64_t recent = 0; recent <= 4; ++recent) {
      const CodedRows rows = NewRows(group, recent);
      int64_t largest = 0;
      for (int64_t count = 0; count <= 30; ++count) {
        largest = std::max(largest, rows.BitsOf(count));
        EXPECT_EQ(std::max(rows.BitsOf(count), rows.BitsOf(rows.RowsBeforeLastGroup(count))),
                  largest);
      }
    }
  }
}

TEST(CodedRowsTest, SizesSaturate) {
  const CodedRows rows = NewRows(1, 0);
  const int64_t most = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(rows.BitsOf(most), most);
  EXPECT_EQ(NewRows(2, 0).BitsOf(most), most);
}

TEST(CodedRowsTest, RefusesNumbersThatBinary16CannotHoldAndWhatTheCodecRefuses) {
  const CodedRows rows = NewRows(1, 0);
  EXPECT_THAT(rows.CheckRow(std::vector<float>{65519.996F, -65519.996F, 0}), IsOk());
  for (const float number : {65520.0F, -65520.0F, std::numeric_limits<float>::max()}) {
    EXPECT_THAT(rows.CheckRow(std::vector<float>{0, 0, number}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("over the range of binary16, which is 65504")));
  }
  EXPECT_THAT(rows.CheckRow(std::vector<float>{13, 0, 0}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("thirteen")));
}

// Every pair of lengths: only those of a state are taken, and before any byte is.
TEST(CodedRowsTest, RestoresOnlyLengthsThatAStateHas) {
  constexpr int64_t kMost = 6;
  for (int64_t group = 1; group <= 3; ++group) {
    for (int64_t recent = 1; recent <= 3; ++recent) {
      for (int64_t groups = 0; groups <= 8; ++groups) {
        for (int64_t waiting = 0; waiting <= 8; ++waiting) {
          const std::vector<SnapshotSection> sections = {
              {SectionContent::kCodes, groups * group * kWidth * 17},
              {SectionContent::kNorms, groups * 16},
              {SectionContent::kRows16, waiting * kWidth * 16}};
          std::vector<std::string> bodies;
          for (const SnapshotSection& section : sections) {
            bodies.emplace_back(static_cast<size_t>(section.bytes()), '\0');
          }
          const int64_t count = groups * group + waiting;
          const bool is_state =
              count <= kMost && CodedOf(count, group, recent) == groups * group;
          CodedRows rows = NewRows(group, recent);
          const absl::Status status = Restore(rows, sections, bodies, kMost);
          EXPECT_EQ(status.code(),
                    is_state ? absl::StatusCode::kOk : absl::StatusCode::kDataLoss)
              << group << " " << recent << " " << groups << " " << waiting << status;
        }
      }
    }
  }
}

TEST(CodedRowsTest, RefusesLengthsThatAreNotWholeAndFieldsThatDoNotAgree) {
  const int64_t field = 2 * kWidth * 17;
  for (const int64_t bits : {int64_t{1}, field - 1, field + 1, -field, int64_t{-1},
                             std::numeric_limits<int64_t>::min(), int64_t{1} << 55}) {
    CodedRows rows = NewRows(2, 1);
    EXPECT_THAT(rows.BeginSection(0, {SectionContent::kCodes, bits}, 1000),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("at most 500 groups of 102")));
  }
  for (const int64_t bits :
       {int64_t{0}, int64_t{16}, int64_t{48}, int64_t{-32}, int64_t{33}}) {
    CodedRows rows = NewRows(2, 1);
    ASSERT_THAT(rows.BeginSection(0, {SectionContent::kCodes, 2 * field}, 1000), IsOk());
    EXPECT_THAT(rows.BeginSection(1, {SectionContent::kNorms, bits}, 1000),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("does not hold 2 groups")));
  }
  for (const int64_t bits :
       {int64_t{-48}, int64_t{47}, int64_t{49}, int64_t{3 * 48}, int64_t{1} << 55}) {
    CodedRows rows = NewRows(2, 1);
    EXPECT_THAT(rows.BeginSection(2, {SectionContent::kRows16, bits}, 1000),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not those of a state")));
  }
  CodedRows rows = NewRows(2, 1);
  EXPECT_THAT(rows.BeginSection(0, {SectionContent::kNorms, field}, 1000),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("where one of codes is due")));
}

TEST(CodedRowsTest, RefusesNumbersThatAreNotFiniteAndFieldsThatTheCodecRefuses) {
  const std::string infinity = {'\0', '\x7c'};
  const std::string codes(7, '\0');
  const std::vector<SnapshotSection> sections = {{SectionContent::kCodes, kWidth * 17},
                                                 {SectionContent::kNorms, 16},
                                                 {SectionContent::kRows16, kWidth * 16}};
  const std::string row(6, '\0');
  CodedRows norm = NewRows(1, 1);
  EXPECT_THAT(Restore(norm, sections, {codes, infinity, row}, 9),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("number 0 of a section of norms is not finite")));
  CodedRows waiting = NewRows(1, 1);
  EXPECT_THAT(Restore(waiting, sections, {codes, {0, 0}, row.substr(2) + infinity}, 9),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("waiting row is not finite")));
  CodedRows code = NewRows(1, 1);
  EXPECT_THAT(Restore(code, sections, {std::string("\0\0\1\0\0\0\0", 7), {0, 0}, row}, 9),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("a seventeenth bit")));
  CodedRows good = NewRows(1, 1);
  EXPECT_THAT(Restore(good, sections, {codes, {0, 0}, row}, 9), IsOk());
}

}  // namespace
}  // namespace kvwire
