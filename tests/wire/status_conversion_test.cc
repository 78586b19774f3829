#include "common/wire/status_conversion.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

// By name: that the numbers agree is what is tested.
constexpr std::pair<absl::StatusCode, grpc::StatusCode> kCodes[] = {
    {absl::StatusCode::kOk, grpc::StatusCode::OK},
    {absl::StatusCode::kCancelled, grpc::StatusCode::CANCELLED},
    {absl::StatusCode::kUnknown, grpc::StatusCode::UNKNOWN},
    {absl::StatusCode::kInvalidArgument, grpc::StatusCode::INVALID_ARGUMENT},
    {absl::StatusCode::kDeadlineExceeded, grpc::StatusCode::DEADLINE_EXCEEDED},
    {absl::StatusCode::kNotFound, grpc::StatusCode::NOT_FOUND},
    {absl::StatusCode::kAlreadyExists, grpc::StatusCode::ALREADY_EXISTS},
    {absl::StatusCode::kPermissionDenied, grpc::StatusCode::PERMISSION_DENIED},
    {absl::StatusCode::kResourceExhausted, grpc::StatusCode::RESOURCE_EXHAUSTED},
    {absl::StatusCode::kFailedPrecondition, grpc::StatusCode::FAILED_PRECONDITION},
    {absl::StatusCode::kAborted, grpc::StatusCode::ABORTED},
    {absl::StatusCode::kOutOfRange, grpc::StatusCode::OUT_OF_RANGE},
    {absl::StatusCode::kUnimplemented, grpc::StatusCode::UNIMPLEMENTED},
    {absl::StatusCode::kInternal, grpc::StatusCode::INTERNAL},
    {absl::StatusCode::kUnavailable, grpc::StatusCode::UNAVAILABLE},
    {absl::StatusCode::kDataLoss, grpc::StatusCode::DATA_LOSS},
    {absl::StatusCode::kUnauthenticated, grpc::StatusCode::UNAUTHENTICATED},
};
static_assert(std::size(kCodes) == 17);

TEST(StatusConversionTest, EveryCodeKeepsItsNameAndMessageBothWays) {
  for (const auto& [ours, theirs] : kCodes) {
    // An absl::Status that is OK has no message.
    const std::string message = ours == absl::StatusCode::kOk ? "" : "what went wrong";
    const grpc::Status sent = ToGrpc(absl::Status(ours, message));
    EXPECT_EQ(sent.error_code(), theirs);
    EXPECT_EQ(sent.error_message(), message);
    EXPECT_THAT(FromGrpc(grpc::Status(theirs, message)), StatusIs(ours, message));
    EXPECT_THAT(FromGrpc(sent), StatusIs(ours, message));
  }
}

TEST(StatusConversionTest, MessagesAreCutToAKibibyte) {
  const std::string longest(1024, 'x');
  EXPECT_EQ(ToGrpc(absl::InternalError(longest)).error_message(), longest);
  EXPECT_EQ(ToGrpc(absl::InternalError(longest + "y")).error_message(), longest);
  EXPECT_EQ(ToGrpc(absl::InternalError(std::string(1 << 20, 'x'))).error_message(), longest);
}

TEST(StatusConversionTest, AnAnnotationStandsBeforeTheMessage) {
  EXPECT_THAT(Annotate(absl::DataLossError("cut short"), "Bob"),
              StatusIs(absl::StatusCode::kDataLoss, "Bob: cut short"));
  EXPECT_THAT(Annotate(absl::OkStatus(), "Bob"), IsOk());
}

TEST(StatusConversionTest, ACallThatThePeerCancelsFoundItUnavailable) {
  const grpc::Status cancelled(grpc::StatusCode::CANCELLED, "CANCELLED");
  EXPECT_THAT(FromPeer(cancelled, "Bob"),
              StatusIs(absl::StatusCode::kUnavailable, ::testing::StartsWith("Bob: ")));
  EXPECT_THAT(FromPeer(cancelled, "Bob", /*cancelled_here=*/true),
              StatusIs(absl::StatusCode::kCancelled, "Bob: CANCELLED"));
  const grpc::Status not_taken(grpc::StatusCode::UNIMPLEMENTED, "");
  EXPECT_THAT(FromPeer(not_taken, "Bob"),
              StatusIs(absl::StatusCode::kUnavailable, ::testing::StartsWith("Bob: ")));
  const grpc::Status unknown(grpc::StatusCode::UNIMPLEMENTED, "no such method");
  EXPECT_THAT(FromPeer(unknown, "Bob"),
              StatusIs(absl::StatusCode::kUnimplemented, "Bob: no such method"));
  EXPECT_THAT(FromPeer(ToGrpc(absl::DataLossError("cut short")), "Bob"),
              StatusIs(absl::StatusCode::kDataLoss, "Bob: cut short"));
  EXPECT_THAT(FromPeer(grpc::Status::OK, "Bob"), IsOk());
}

}  // namespace
}  // namespace kvwire
