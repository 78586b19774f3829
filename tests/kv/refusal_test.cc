// What every built-in algorithm refuses through KvCache, and that it keeps nothing of it.

#include <limits>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/cache_contract.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

class RefusalTest : public CacheContractTest {};

INSTANTIATE_TEST_SUITE_P(Algorithms, RefusalTest, ::testing::ValuesIn(ContractCases()),
                         [](const auto& test) { return test.param.Name(); });

TEST_P(RefusalTest, AttendRefusesOtherShapes) {
  auto cache = Pyramid();
  Matrix out(7, kDims);
  Matrix narrow(7, kDims - 1);
  Matrix shorter(6, kDims);
  const auto refusal =
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("must both be [m, 3]"));
  EXPECT_THAT(cache->Attend(Matrix::Zero(7, kDims - 1), out), refusal);
  EXPECT_THAT(cache->Attend(queries_, narrow), refusal);
  EXPECT_THAT(cache->Attend(queries_, shorter), refusal);
}

TEST_P(RefusalTest, AnAnswerOverTheRangeOfBinary32IsAnErrorAndNotANumber) {
  auto cache = Pyramid();
  Matrix out(7, kDims);
  for (const float length : {1e19F, 3e38F}) {
    Matrix queries = Matrix::Constant(7, kDims, length);
    for (int64_t row = 0; row < 7; ++row) {
      for (int64_t j = 0; j < kDims; ++j) {
        if ((row >> j & 1) != 0) queries(row, j) = -length;
      }
    }
    const absl::Status status = cache->Attend(queries, out);
    if (status.ok()) {
      EXPECT_TRUE(out.allFinite());
    } else {
      EXPECT_THAT(status, StatusIs(absl::StatusCode::kOutOfRange,
                                   HasSubstr("over the range of binary32")));
    }
  }
}

TEST_P(RefusalTest, RefusesWhatIsNotFiniteAndKeepsNothingOfTheBlock) {
  auto cache = Pyramid();
  const std::string before = SnapshotOf(*cache, setup_);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    Matrix queries = Matrix::Zero(5, kDims);
    queries(3, 2) = bad;
    Matrix rows = Matrix::Zero(5, width_);
    rows(3, width_ - 1) = bad;
    const auto refusal =
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(" of token 24 is not finite"));
    EXPECT_THAT(cache->Append({5, queries.data(), nullptr, nullptr, true}), refusal);
    EXPECT_THAT(cache->Append({5, nullptr, rows.data(), nullptr, true}), refusal);
    EXPECT_THAT(cache->Append({5, nullptr, nullptr, rows.data(), true}), refusal);
  }
  EXPECT_EQ(SnapshotOf(*cache, setup_), before);
}

TEST_P(RefusalTest, RefusesNegativeAndTooManyRows) {
  auto cache = NewCache(setup_);
  EXPECT_THAT(cache->Append(ZeroScale(-1)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a block of -1 rows")));
  EXPECT_THAT(cache->Append(ZeroScale(kMaxCacheTokens)), IsOk());
  for (const int64_t rows : {int64_t{1}, std::numeric_limits<int64_t>::max()}) {
    EXPECT_THAT(cache->Append(ZeroScale(rows)), StatusIs(absl::StatusCode::kResourceExhausted,
                                                         HasSubstr("over the limit of")));
  }
  EXPECT_EQ(cache->tokens(), kMaxCacheTokens);
  EXPECT_EQ(Attended(*cache, queries_), Matrix::Zero(7, kDims));
}

TEST_P(RefusalTest, PassesTheErrorOfTheSinkOn) {
  auto cache = Pyramid();
  int all_calls = 0;
  ASSERT_THAT(WriteSnapshot(*cache, setup_,
                            [&](std::string_view) {
                              ++all_calls;
                              return absl::OkStatus();
                            }),
              IsOk());
  for (int allowed = 0; allowed < all_calls; ++allowed) {
    int calls = 0;
    const auto sink = [&](std::string_view) {
      return calls++ < allowed ? absl::OkStatus() : absl::UnavailableError("peer is gone");
    };
    EXPECT_THAT(WriteSnapshot(*cache, setup_, sink),
                StatusIs(absl::StatusCode::kUnavailable, "peer is gone"));
    EXPECT_EQ(calls, allowed + 1);
  }
}

}  // namespace
}  // namespace kvwire
