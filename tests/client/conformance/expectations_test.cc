#include "client/conformance/expectations.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire::conformance {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Code = absl::StatusCode;

TEST(ExpectationsTest, AFaultNamesWhatWasExpectedAndWhatCame) {
  EXPECT_THAT(Fault("d", "1", "2"), StatusIs(Code::kInternal, "d: expected 1, got 2"));
  EXPECT_THAT(ExpectOk("Open", absl::OkStatus()), IsOk());
  EXPECT_THAT(ExpectOk("Open", absl::NotFoundError("none")),
              StatusIs(Code::kInternal, "Open: expected OK, got NOT_FOUND: none"));
  EXPECT_THAT(ExpectEqual("tokens", 3, 3), IsOk());
  EXPECT_THAT(ExpectEqual("tokens", 3, -3),
              StatusIs(Code::kInternal, "tokens: expected 3, got -3"));
}

TEST(ExpectationsTest, AnErrorMustHaveOneOfTheCodesAndAllOfTheWords) {
  const absl::Status lost = absl::DataLossError("bit 7 of byte 2");
  EXPECT_THAT(ExpectError("Restore", lost, {Code::kDataLoss}), IsOk());
  EXPECT_THAT(ExpectError("Restore", lost, {Code::kInternal, Code::kDataLoss}, {"bit", "2"}),
              IsOk());
  EXPECT_THAT(
      ExpectError("Restore", lost, {Code::kDataLoss}, {"bit", "nibble"}),
      StatusIs(Code::kInternal, StartsWith("Restore: expected a message that names nibble")));
  EXPECT_THAT(ExpectError("Restore", absl::OkStatus(), {Code::kDataLoss, Code::kNotFound}),
              StatusIs(Code::kInternal, "Restore: expected DATA_LOSS or NOT_FOUND, got OK"));
}

TEST(ExpectationsTest, BytesThatDifferAreLocated) {
  EXPECT_THAT(ExpectSameBytes("state", "abc", "abc"), IsOk());
  EXPECT_THAT(ExpectSameBytes("state", "", ""), IsOk());
  EXPECT_THAT(ExpectSameBytes("state", "abc", "abx"),
              StatusIs(Code::kInternal, EndsWith("got 3 bytes that differ from byte 2 on")));
  EXPECT_THAT(
      ExpectSameBytes("state", "abc", "ab"),
      StatusIs(Code::kInternal, AllOf(HasSubstr("the same 3 bytes"),
                                      EndsWith("2 bytes that differ from byte 2 on"))));
  EXPECT_THAT(ExpectSameBytes("state", "", "a"),
              StatusIs(Code::kInternal, EndsWith("1 bytes that differ from byte 0 on")));
}

TEST(ExpectationsTest, ALongMessageIsCut) {
  const std::string text = StatusText(absl::AbortedError(std::string(5000, 'x')));
  EXPECT_THAT(text, AllOf(StartsWith("ABORTED: xxx"), EndsWith("xxx...")));
  EXPECT_LT(text.size(), 200U);
}

}  // namespace
}  // namespace kvwire::conformance
