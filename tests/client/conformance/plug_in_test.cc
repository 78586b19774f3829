#include "client/conformance/plug_in.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/garbled_algorithm.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/loopback_server.h"

namespace kvwire::conformance {
namespace {

TEST(PlugInTest, AnAnswerThatDoesNotParseIsAnErrorOfTheCaseAndDoesNotEndTheCommand) {
  GarbledAlgorithm algorithm;
  LoopbackServer server({&algorithm});
  const PlugIn plug_in(server.endpoint());
  const auto cannot_be_read =
      StatusIs(absl::StatusCode::kInternal, ::testing::HasSubstr("cannot be read"));
  EXPECT_THAT(plug_in.Ingest({v1::IngestRequest()}), cannot_be_read);
  EXPECT_THAT(plug_in.Restore({v1::RestoreRequest()}), cannot_be_read);
  EXPECT_THAT(plug_in.Snapshot(1), cannot_be_read);
  EXPECT_THAT(plug_in.Attend({v1::AttendRequest()}), cannot_be_read);
}

}  // namespace
}  // namespace kvwire::conformance
