#include "server/calls/run_owners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using testing::HasSubstr;

TEST(RunOwnersTest, ARunBelongsToTheFirstThatNamesIt) {
  RunOwners owners;
  EXPECT_THAT(owners.Claim(1, "DNS:one"), IsOk());
  EXPECT_THAT(owners.Claim(1, "DNS:one"), IsOk());
  EXPECT_THAT(owners.Claim(1, "DNS:two"), StatusIs(absl::StatusCode::kPermissionDenied,
                                                   HasSubstr("run 0000000000000001")));
  EXPECT_THAT(owners.Claim(1, ""),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("another caller")));
  EXPECT_THAT(owners.Claim(2, "DNS:two"), IsOk());
}

TEST(RunOwnersTest, RemembersTheLastRunsOnly) {
  RunOwners owners;
  for (uint64_t run = 0; run < RunOwners::kMostRuns; ++run) {
    ASSERT_THAT(owners.Claim(run, "one"), IsOk());
  }
  EXPECT_THAT(owners.Claim(0, "two"),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("another caller")));
  EXPECT_THAT(owners.Claim(RunOwners::kMostRuns, "one"), IsOk());
  EXPECT_THAT(owners.Claim(0, "two"), IsOk());
}

}  // namespace
}  // namespace kvwire
