#include "common/kv/token_rows.h"

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

std::vector<float> Row(int64_t dims, int64_t index) {
  std::vector<float> row(static_cast<size_t>(2 * dims));
  for (size_t i = 0; i < row.size(); ++i) {
    row[i] = static_cast<float>(index) + static_cast<float>(i) / 8;
  }
  return row;
}

// The visited numbers, and the sizes of the blocks.
template <typename Number>
std::pair<std::vector<float>, std::vector<int64_t>> Visited(const TokenRows<Number>& rows) {
  std::pair<std::vector<float>, std::vector<int64_t>> seen;
  rows.VisitBlocks([&seen](const KeyValueBlock& block) {
    seen.second.push_back(block.keys.rows());
    for (int64_t i = 0; i < block.keys.rows(); ++i) {
      for (const float x : block.keys.row(i)) seen.first.push_back(x);
      for (const float x : block.values.row(i)) seen.first.push_back(x);
    }
  });
  return seen;
}

template <typename Number>
class TokenRowsTest : public ::testing::Test {};
using Numbers = ::testing::Types<float, Eigen::half, Eigen::bfloat16>;
TYPED_TEST_SUITE(TokenRowsTest, Numbers);

template <typename Number>
void AppendRow(TokenRows<Number>& rows, int64_t dims, int64_t index) {
  const std::vector<float> wide = Row(dims, index);
  std::vector<Number> row(wide.size());
  for (size_t i = 0; i < row.size(); ++i) row[i] = Number(wide[i]);
  rows.Append(row);
}

// Rows i with i % skipped == 0 are zero, and one that is not finite takes all of them back.
TYPED_TEST(TokenRowsTest, WrittenRowsAreThoseAppendedButForZeros) {
  constexpr int64_t kDims = 60;  // blocks of some hundred rows
  for (const int64_t skipped : {1, 2, 3, 1000000}) {
    TokenRows<TypeParam> written(kDims);
    TokenRows<TypeParam> appended(kDims);
    const auto write = [&](int64_t first, TypeParam* keys, TypeParam* values,
                           absl::Span<RowContent> contents) {
      for (size_t i = 0; i < contents.size(); ++i) {
        const int64_t row = first + static_cast<int64_t>(i);
        const std::vector<float> wide = Row(kDims, row % 250);
        for (size_t j = 0; j < kDims; ++j) {
          *keys++ = TypeParam(wide[j]);
          *values++ = TypeParam(wide[kDims + j]);
        }
        contents[i] = (row + 1) % skipped == 0 ? RowContent::kZero : RowContent::kFinite;
      }
    };
    for (const int64_t count : {1, 130, 0, 2600, 7}) {
      ASSERT_TRUE(written.AppendWritten(count, write));
      for (int64_t i = 0; i < count; ++i) {
        if ((i + 1) % skipped != 0) AppendRow(appended, kDims, i % 250);
      }
      ASSERT_EQ(written.rows(), appended.rows());
      ASSERT_FALSE(
          written.AppendWritten(300, [&](int64_t first, TypeParam* keys, TypeParam* values,
                                         absl::Span<RowContent> contents) {
            write(first, keys, values, contents);
            const int64_t last = first + static_cast<int64_t>(contents.size()) - 1;
            if (last == 299) contents.back() = RowContent::kNotFinite;
          }));
      ASSERT_EQ(written.rows(), appended.rows());
      ASSERT_EQ(Visited(written), Visited(appended));
    }
  }
}

TYPED_TEST(TokenRowsTest, DroppedRowsLeaveNoTraceInTheBlocks) {
  // The last d has one row a block.
  for (const auto& [dims, total] :
       std::vector<std::pair<int64_t, int64_t>>{{2, 200}, {2, 2600}, {60000, 4}}) {
    for (const int64_t drop : {int64_t{0}, int64_t{1}, total / 2, total - 1, total}) {
      TokenRows<TypeParam> dropped(dims);
      TokenRows<TypeParam> fresh(dims);
      for (int64_t i = 0; i < total; ++i) AppendRow(dropped, dims, i % 250);
      dropped.DropFront(drop / 2);
      dropped.DropFront(drop - drop / 2);
      for (int64_t i = drop; i < total; ++i) AppendRow(fresh, dims, i % 250);
      for (TokenRows<TypeParam>* rows : {&dropped, &fresh}) AppendRow(*rows, dims, 3);
      ASSERT_EQ(dropped.rows(), total - drop + 1);
      EXPECT_TRUE(Visited(dropped) == Visited(fresh));
      std::string a, b;
      for (int64_t i = 0; i < dropped.rows(); ++i) {
        dropped.AppendSerialized(i, a);
        fresh.AppendSerialized(i, b);
      }
      EXPECT_TRUE(a == b);
      EXPECT_EQ(static_cast<int64_t>(a.size()),
                dropped.rows() * TokenRows<TypeParam>::RowBytes(dims));
    }
  }
}

TYPED_TEST(TokenRowsTest, EvictedRowsLeaveNoTraceInTheBlocks) {
  std::mt19937_64 random(1);
  // The last d has one row a block.
  for (const auto& [dims, total] :
       std::vector<std::pair<int64_t, int64_t>>{{2, 200}, {2, 2600}, {60000, 4}}) {
    for (const uint64_t of_eight : {0, 1, 4, 7, 8}) {
      for (const int64_t drop : {int64_t{0}, total / 3}) {
        TokenRows<TypeParam> evicted(dims);
        TokenRows<TypeParam> fresh(dims);
        for (int64_t i = 0; i < total; ++i) AppendRow(evicted, dims, i % 250);
        evicted.DropFront(drop);
        std::vector<int64_t> survivors;
        for (int64_t i = 0; i < total - drop; ++i) {
          if (random() % 8 >= of_eight) continue;
          survivors.push_back(i);
          AppendRow(fresh, dims, (drop + i) % 250);
        }
        evicted.KeepRows(survivors);
        ASSERT_EQ(evicted.rows(), static_cast<int64_t>(survivors.size()));
        EXPECT_TRUE(Visited(evicted) == Visited(fresh));
        for (TokenRows<TypeParam>* rows : {&evicted, &fresh}) {
          for (int64_t i = 0; i < 3; ++i) AppendRow(*rows, dims, i);
        }
        EXPECT_TRUE(Visited(evicted) == Visited(fresh));
      }
    }
  }
}

TEST(RowContentTest, TellsZerosFromNumbersAndTheRest) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(ContentOf<float>(std::vector<float>{0, -0.0F}), RowContent::kZero);
  EXPECT_EQ(ContentOf<float>(std::vector<float>{}), RowContent::kZero);
  EXPECT_EQ(ContentOf<float>(std::vector<float>{0, std::numeric_limits<float>::denorm_min()}),
            RowContent::kFinite);
  EXPECT_EQ(ContentOf<float>(std::vector<float>{infinity, 0}), RowContent::kNotFinite);
  EXPECT_EQ(ContentOf<float>(std::vector<float>{0, nan}), RowContent::kNotFinite);
  EXPECT_EQ(ContentOf<Eigen::half>(std::vector<Eigen::half>{Eigen::half(1e6F)}),
            RowContent::kNotFinite);
}

TEST(StoredRowsTest, NamesTheRowsThatDoNotRoundToZero) {
  const float keys[] = {0, 1e-9F, 1, -0.0F};
  const float values[] = {0, 0, 0, 2};
  const TokenBlock block{4, nullptr, keys, values, true};
  EXPECT_THAT(StoredRows<float>(block, 1, 0).value(), ::testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(StoredRows<Eigen::half>(block, 1, 0).value(), ::testing::ElementsAre(2, 3));
  EXPECT_THAT(StoredRows<float>({4, nullptr, nullptr, nullptr, true}, 1, 0).value(),
              ::testing::IsEmpty());
  const float large[] = {0, 0, 1e6F};
  EXPECT_THAT(StoredRows<float>({3, nullptr, nullptr, large, true}, 1, 7).value(),
              ::testing::ElementsAre(2));
  EXPECT_THAT(StoredRows<Eigen::half>({3, nullptr, nullptr, large, true}, 1, 7),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("token 9 overflows 16 bits a number")));
}

TEST(MemoryTest, SaturatesInsteadOfOverflowing) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(SaturatingProduct(0, most), 0);
  EXPECT_EQ(SaturatingProduct(most, 0), 0);
  EXPECT_EQ(SaturatingProduct(most, 1), most);
  EXPECT_EQ(SaturatingProduct(most / 2, 2), most - 1);
  EXPECT_EQ(SaturatingProduct(most / 2 + 1, 2), most);
  EXPECT_THAT(CheckMemory(5, 5), IsOk());
  EXPECT_THAT(CheckMemory(6, 5),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("needs 6 bytes of memory, allowed are 5")));
  EXPECT_THAT(CheckMemory(most, most),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("allowed are")));
}

TEST(RowSectionTest, CompletesRowsFromPiecesOfEverySize) {
  const std::string body = "abcdefghijkl";
  for (size_t first = 0; first <= body.size(); ++first) {
    for (size_t second = first; second <= body.size(); ++second) {
      RowSection section;
      ASSERT_THAT(section.Begin({SectionContent::kRows32, 96}, SectionContent::kRows32, 3),
                  IsOk());
      std::vector<std::string> rows;
      const auto take = [&](std::string_view row) {
        rows.emplace_back(row);
        return absl::OkStatus();
      };
      for (const std::string& piece :
           {body.substr(0, first), body.substr(first, second - first), body.substr(second)}) {
        EXPECT_EQ(section.End().ok(), rows.size() == 4);
        ASSERT_THAT(section.Append(piece, take), IsOk());
      }
      EXPECT_THAT(rows, ::testing::ElementsAre("abc", "def", "ghi", "jkl"));
      EXPECT_THAT(section.End(), IsOk());
    }
  }
}

TEST(RowSectionTest, PassesTheErrorOfARowOn) {
  RowSection section;
  ASSERT_THAT(section.Begin({SectionContent::kRows32, 32}, SectionContent::kRows32, 2),
              IsOk());
  EXPECT_THAT(
      section.Append("abc", [](std::string_view) { return absl::DataLossError("no"); }),
      StatusIs(absl::StatusCode::kDataLoss, "no"));
}

TEST(WriteRowsTest, FillsPiecesUpToTheLimitAndStopsAtTheFirstError) {
  const int64_t row_bytes = 400000;
  std::vector<size_t> pieces;
  const auto append = [&](int64_t, std::string& piece) {
    piece.append(static_cast<size_t>(row_bytes), 'x');
  };
  const auto sink = [&](std::string_view piece) {
    pieces.push_back(piece.size());
    return absl::OkStatus();
  };
  EXPECT_THAT(WriteRows(5, row_bytes, sink, append), IsOk());
  EXPECT_THAT(pieces, ::testing::ElementsAre(800000, 800000, 400000));
  EXPECT_THAT(WriteRows(0, row_bytes, sink, append), IsOk());
  EXPECT_EQ(pieces.size(), 3);
  const auto broken = [](std::string_view) { return absl::UnavailableError("gone"); };
  EXPECT_THAT(WriteRows(5, row_bytes, broken, append),
              StatusIs(absl::StatusCode::kUnavailable, "gone"));
}

}  // namespace
}  // namespace kvwire
