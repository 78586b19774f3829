#include "common/base/status_macros.h"

#include <memory>
#include <utility>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

absl::StatusOr<std::unique_ptr<int>> Boxed(int value) {
  if (value < 0) return absl::OutOfRangeError("below zero");
  return std::make_unique<int>(value);
}

absl::StatusOr<int> Sum(int a, int b) {
  KVWIRE_ASSIGN_OR_RETURN(const std::unique_ptr<int> first, Boxed(a));
  KVWIRE_ASSIGN_OR_RETURN(const std::unique_ptr<int> second, Boxed(b));
  return *first + *second;
}

absl::Status Check(absl::Status status, int& reached) {
  KVWIRE_RETURN_IF_ERROR(status);
  ++reached;
  return absl::OkStatus();
}

TEST(StatusMacrosTest, AssignOrReturnMovesTheValueOut) { EXPECT_EQ(Sum(2, 3).value(), 5); }

TEST(StatusMacrosTest, AssignOrReturnPassesTheErrorOn) {
  EXPECT_EQ(Sum(-1, 3).status(), absl::OutOfRangeError("below zero"));
  EXPECT_EQ(Sum(2, -1).status(), absl::OutOfRangeError("below zero"));
}

TEST(StatusMacrosTest, ReturnIfErrorGoesOnOnlyWhenOk) {
  int reached = 0;
  EXPECT_EQ(Check(absl::DataLossError("x"), reached), absl::DataLossError("x"));
  EXPECT_EQ(reached, 0);
  EXPECT_TRUE(Check(absl::OkStatus(), reached).ok());
  EXPECT_EQ(reached, 1);
}

}  // namespace
}  // namespace kvwire
