#include "client/sweep/shard.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

TEST(ShardTest, TheShardsOfEveryCountPartitionEveryPlan) {
  for (int64_t places = 0; places <= 12; ++places) {
    for (int64_t count = 1; count <= 15; ++count) {
      std::vector<int> owners(static_cast<size_t>(places));
      std::vector<int> sizes;
      for (int64_t index = 1; index <= count; ++index) {
        const Shard shard{.index = index, .count = count};
        int size = 0;
        for (int64_t place = 0; place < places; ++place) {
          if (!shard.Holds(place)) continue;
          ++owners[static_cast<size_t>(place)];
          ++size;
        }
        sizes.push_back(size);
      }
      EXPECT_THAT(owners, ::testing::Each(1)) << places << " by " << count;
      const auto [least, most] = std::minmax_element(sizes.begin(), sizes.end());
      EXPECT_LE(*most - *least, 1) << places << " by " << count;
    }
  }
}

TEST(ShardTest, TextReadsBack) {
  for (const std::string text : {"1/1", "3/16", "1000000/1000000"}) {
    EXPECT_EQ(ParseShard(text).value().ToString(), text);
  }
}

TEST(ShardTest, OtherTextIsRefused) {
  for (const std::string text : {"", "1", "/", "0/1", "2/1", "-1/2", "1/0", "1/2/3", "1/2 ",
                                 " 1/2", "a/b", "1/1000001", "1/99999999999999999999"}) {
    EXPECT_THAT(ParseShard(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'" + text + "'")))
        << text;
  }
}

}  // namespace
}  // namespace kvwire
