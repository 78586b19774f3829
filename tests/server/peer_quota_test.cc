#include "server/calls/peer_quota.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using testing::HasSubstr;

TEST(PeerQuotaTest, EveryPeerHasItsOwnAndGetsItBack) {
  PeerQuota quota(2, "--things-per-peer", "things");
  std::optional<PeerQuota::Ticket> first = quota.Enter("one").value();
  const PeerQuota::Ticket second = quota.Enter("one").value();
  EXPECT_THAT(quota.Enter("one").status(),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("one has 2 things, the most that one caller may "
                                 "(--things-per-peer)")));
  EXPECT_THAT(quota.Enter("two").status(), IsOk());
  const PeerQuota::Ticket copy = *first;
  first.reset();
  EXPECT_FALSE(quota.Enter("one").ok()) << "a copy is held";
}

TEST(PeerQuotaTest, WhatIsGivenBackCanBeTakenAgain) {
  PeerQuota quota(1, "--things-per-peer", "things");
  for (int round = 0; round < 3; ++round) EXPECT_THAT(quota.Enter("one").status(), IsOk());
}

}  // namespace
}  // namespace kvwire
