#include "common/workload/dump_workload.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"
#include "tests/var/safetensors_bytes.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kRefused = absl::StatusCode::kInvalidArgument;

NamedTensor Floats(const std::string& name, const std::string& shape,
                   const std::vector<float>& numbers) {
  return {name, "F32", shape, FloatBytes(numbers)};
}

NamedTensor Keys() { return Floats("keys", "[3, 2]", {1, 2, 3, 4, 5, 6}); }
NamedTensor Values() {
  return {"values", "BF16", "[3, 2]", HalfwordBytes({0x3f80, 0, 0, 0x3f80, 0xbf80, 0})};
}
NamedTensor Queries() { return Floats("queries", "[1, 2]", {7, 8}); }

absl::StatusOr<AttentionWorkload> ReadBack(const std::vector<NamedTensor>& tensors) {
  return ReadDumpWorkload(WrittenFile(SafetensorsBytes(tensors)), 2);
}

Matrix Rows(const std::vector<std::vector<float>>& rows) {
  Matrix matrix(rows.size(), rows[0].size());
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < rows[i].size(); ++j) {
      matrix(static_cast<int64_t>(i), static_cast<int64_t>(j)) = rows[i][j];
    }
  }
  return matrix;
}

TEST(DumpWorkloadTest, ReadsKeysValuesAndQueries) {
  const AttentionWorkload workload =
      ReadBack({Floats("other", "[1]", {9}), Keys(), Values(), Queries()}).value();
  EXPECT_EQ(workload.keys, Rows({{1, 2}, {3, 4}, {5, 6}}));
  EXPECT_EQ(workload.values, Rows({{1, 0}, {0, 1}, {-1, 0}}));
  EXPECT_EQ(workload.queries, Rows({{7, 8}}));
  EXPECT_EQ(workload.token_queries, Rows({{0, 0}, {0, 0}, {0, 0}}));
  EXPECT_THAT(workload.scale_tokens, ElementsAre(2, 1));
}

TEST(DumpWorkloadTest, TokensHaveTheQueriesOfTheirOwnIfThereAreAsMany) {
  const std::vector<float> numbers = {1, 0, 2, 0, 3, 0};
  const NamedTensor queries = Floats("queries", "[3, 2]", numbers);
  EXPECT_EQ(ReadBack({Keys(), Values(), queries})->token_queries,
            Rows({{1, 0}, {2, 0}, {3, 0}}));
  const NamedTensor own = Floats("token_queries", "[3, 2]", {0, 1, 0, 2, 0, 3});
  EXPECT_EQ(ReadBack({Keys(), Values(), queries, own})->token_queries,
            Rows({{0, 1}, {0, 2}, {0, 3}}));
}

TEST(DumpWorkloadTest, AMissingTensorIsNamedWithThoseThatThereAre) {
  EXPECT_THAT(ReadBack({Values(), Queries()}),
              StatusIs(kRefused, AllOf(HasSubstr(OwnPath()), HasSubstr("\"keys\""),
                                       HasSubstr("\"values\""), HasSubstr("\"queries\""))));
  EXPECT_THAT(ReadBack({Keys(), Queries()}), StatusIs(kRefused, HasSubstr("\"values\"")));
  EXPECT_THAT(ReadBack({Keys(), Values()}), StatusIs(kRefused, HasSubstr("\"queries\"")));
}

TEST(DumpWorkloadTest, ShapesThatDoNotFitAreRefused) {
  EXPECT_THAT(ReadBack({Floats("keys", "[6]", {1, 2, 3, 4, 5, 6}), Values(), Queries()}),
              StatusIs(kRefused, AllOf(HasSubstr("\"keys\""), HasSubstr("two dimensions"))));
  EXPECT_THAT(ReadBack({Floats("keys", "[0, 2]", {}), Values(), Queries()}),
              StatusIs(kRefused, HasSubstr("two dimensions")));
  EXPECT_THAT(ReadBack({Keys(), Floats("values", "[2, 3]", {1, 2, 3, 4, 5, 6}), Queries()}),
              StatusIs(kRefused, AllOf(HasSubstr("\"values\""), HasSubstr("[3, 2]"))));
  EXPECT_THAT(ReadBack({Keys(), Values(), Floats("queries", "[1, 3]", {1, 2, 3})}),
              StatusIs(kRefused, AllOf(HasSubstr("\"queries\""), HasSubstr("[1, 2]"))));
  EXPECT_THAT(
      ReadBack({Keys(), Values(), Queries(), Floats("token_queries", "[1, 2]", {1, 2})}),
      StatusIs(kRefused, AllOf(HasSubstr("\"token_queries\""), HasSubstr("[3, 2]"))));
}

TEST(DumpWorkloadTest, NumbersThatAreNotFiniteAreRefused) {
  const NamedTensor values = {"values", "F16", "[3, 2]",
                              HalfwordBytes({0, 0, 0x7c00, 0, 0, 0})};
  EXPECT_THAT(ReadBack({Keys(), values, Queries()}),
              StatusIs(kRefused, HasSubstr("NaN or infinity at [1, 0]")));
}

TEST(DumpWorkloadTest, FilesAndScalesThatCannotBeAreRefused) {
  EXPECT_THAT(ReadDumpWorkload("/nowhere/file", 64),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/file")));
  EXPECT_THAT(ReadDumpWorkload(WrittenFile("no tensors"), 64),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr(OwnPath())));
  EXPECT_THAT(ReadDumpWorkload("/nowhere/file", 0),
              StatusIs(kRefused, HasSubstr("scales of 0")));
}

}  // namespace
}  // namespace kvwire
