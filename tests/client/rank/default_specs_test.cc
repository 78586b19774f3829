#include "client/rank/default_specs.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "client/spec_template.h"
#include "common/kv/registry.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

std::string NameOf(const std::string& spec) {
  return spec.substr(0, spec.find_first_of(":+"));
}

TEST(DefaultSpecsTest, BeginWithWhatItCostsToKnowNothing) {
  const std::vector<std::string> specs = DefaultComparison();
  EXPECT_EQ(specs[0], "zero");
  EXPECT_EQ(specs[1], "mean");
  EXPECT_EQ(std::vector<std::string>(specs.begin(), specs.begin() + 2), BaselineSpecs());
}

TEST(DefaultSpecsTest, HoldEveryBuiltInAlgorithmAndNoneTwice) {
  const std::vector<std::string> specs = DefaultComparison();
  EXPECT_EQ(std::set<std::string>(specs.begin(), specs.end()).size(), specs.size());
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    EXPECT_TRUE(std::any_of(specs.begin(), specs.end(), [&algorithm](const std::string& spec) {
      return NameOf(spec) == algorithm.name;
    })) << algorithm.name;
  }
}

// At the sizes of the workloads, and of those of --quick.
TEST(DefaultSpecsTest, AreAllInRange) {
  for (const int64_t tokens : {85, 91, 341, 424, 512, 4096}) {
    for (const std::string& spec : DefaultComparison()) {
      const absl::StatusOr<std::string> expanded = ExpandSpec(spec, tokens);
      ASSERT_THAT(expanded, IsOk()) << spec;
      const absl::Status status = ParseBuiltInSpec(*expanded).status();
      // A name that is not built in (yet) is a row that says so.
      EXPECT_TRUE(status.ok() || absl::IsNotFound(status)) << *expanded << ": " << status;
    }
  }
}

}  // namespace
}  // namespace kvwire
