#include "common/kv/registry.h"

#include <limits>
#include <set>
#include <string>

#include "common/kv/absent_algorithms.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(RegistryTest, HoldsEachNameAndCodeOnceInOrderOfName) {
  std::set<int> codes;
  std::string last;
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    EXPECT_GT(std::string(algorithm.name), last);
    EXPECT_TRUE(codes.insert(algorithm.code).second);
    EXPECT_FALSE(algorithm.summary.empty());
    EXPECT_FALSE(algorithm.reference.empty());
    last = algorithm.name;
  }
}

TEST(RegistryTest, NeverChangesACode) {
  EXPECT_EQ(FindAlgorithm("exact").value()->code, 1);
  EXPECT_EQ(FindAlgorithm("float16").value()->code, 2);
  EXPECT_EQ(FindAlgorithm("bitplane").value()->code, 3);
  EXPECT_EQ(FindAlgorithm("streaming").value()->code, 4);
  EXPECT_EQ(FindAlgorithm("bfloat16").value()->code, 5);
  EXPECT_EQ(FindAlgorithm("q8_0").value()->code, 6);
  EXPECT_EQ(FindAlgorithm("q4_0").value()->code, 7);
  EXPECT_EQ(FindAlgorithm("kivi").value()->code, 8);
  EXPECT_EQ(FindAlgorithm("skvq").value()->code, 9);
  EXPECT_EQ(FindAlgorithm("minicache").value()->code, 26);
  EXPECT_EQ(FindWrapper("window").value()->code, 1);
}

TEST(RegistryTest, SaysWhyAnAbsentAlgorithmIsNotThere) {
  ASSERT_FALSE(AbsentAlgorithms().empty());
  for (const AbsentAlgorithm& absent : AbsentAlgorithms()) {
    for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
      EXPECT_NE(algorithm.name, absent.name);
    }
    for (const char* more : {"", ":scale=2", "+zstd"}) {
      EXPECT_THAT(ParseBuiltInSpec(std::string(absent.name) + more),
                  StatusIs(absl::StatusCode::kNotFound, HasSubstr(WhyAbsent(absent))));
    }
  }
  EXPECT_EQ(FindAbsentAlgorithm("exact"), nullptr);
  EXPECT_EQ(FindAbsentAlgorithm(""), nullptr);
  EXPECT_THAT(WhyAbsent(*FindAbsentAlgorithm(kTokenLog)),
              AllOf(HasSubstr("tokenlog needs a model"), HasSubstr("see kvwire generate")));
}

TEST(RegistryTest, HoldsWrappersLikewise) {
  std::set<int> codes;
  std::string last;
  for (const KvWrapper& wrapper : BuiltInWrappers()) {
    EXPECT_GT(std::string(wrapper.name), last);
    EXPECT_TRUE(codes.insert(wrapper.code).second);
    EXPECT_FALSE(wrapper.summary.empty());
    last = wrapper.name;
  }
  EXPECT_THAT(ParseBuiltInSpec("exact+wrap"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("there is no wrapper 'wrap'")));
}

TEST(RegistryTest, EveryAlgorithmHasTheOptionScale) {
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    const std::string name(algorithm.name);
    EXPECT_EQ(ParseBuiltInSpec(name + ":scale=1")->ToString(), name);
    EXPECT_THAT(ParseBuiltInSpec(name + ":scale=rsqrt"), IsOk());
    EXPECT_THAT(ParseBuiltInSpec(name + ":scale=0.125"), IsOk());
    for (const char* bad : {"0", "1e3", "-1", "0.50", "2000000", "sqrt"}) {
      EXPECT_THAT(ParseBuiltInSpec(name + ":scale=" + bad),
                  StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("scale=")));
    }
  }
}

TEST(RegistryTest, CreateRefusesAKindOfAttentionThatAnAlgorithmHasNot) {
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    for (const auto attention : {AttentionKind::kOrdinary, AttentionKind::kTensor}) {
      CacheSetup setup = SetupWithFrame(std::string(algorithm.name), 4, 3);
      setup.attention = attention;
      const AttentionSupport only = attention == AttentionKind::kTensor
                                        ? AttentionSupport::kTensor
                                        : AttentionSupport::kOrdinary;
      if (algorithm.attention == AttentionSupport::kBoth || algorithm.attention == only) {
        EXPECT_THAT(CreateCache(setup), IsOk()) << algorithm.name;
      } else {
        EXPECT_THAT(CreateCache(setup),
                    StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(" attention")));
      }
    }
  }
}

TEST(RegistryTest, ListsTheNamesWhenOneIsUnknown) {
  const auto refusal =
      StatusIs(absl::StatusCode::kNotFound,
               AllOf(HasSubstr("'exakt'"), HasSubstr("bitplane"), HasSubstr("exact, ")));
  EXPECT_THAT(FindAlgorithm("exakt"), refusal);
  EXPECT_THAT(ParseBuiltInSpec("exakt"), refusal);
  CacheSetup setup = SetupOf("exact", 4);
  setup.spec = AlgorithmSpec::Parse("exakt").value();
  EXPECT_THAT(CreateCache(setup), refusal);
}

TEST(RegistryTest, ListsTheOptionsWhenOneIsUnknown) {
  EXPECT_THAT(ParseBuiltInSpec("streaming:windows=3"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("no option windows"),
                             HasSubstr("evict, sinks, window, scale"))));
  EXPECT_THAT(ParseBuiltInSpec("exact:a=1"), StatusIs(absl::StatusCode::kInvalidArgument,
                                                      HasSubstr("no option a; it has scale")));
}

TEST(RegistryTest, RefusesValuesOutOfRangeWhenParsing) {
  for (const char* text : {"streaming:window=abc", "streaming:window=-1", "streaming:sinks=-1",
                           "streaming:window=4294967297", "streaming:sinks=064"}) {
    EXPECT_THAT(ParseBuiltInSpec(text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("whole number from 0 to 4294967296")))
        << text;
  }
  EXPECT_THAT(ParseBuiltInSpec("streaming:evict=after"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("one of close, before")));
  EXPECT_THAT(ParseBuiltInSpec("streaming:sinks=0,window=0"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("keep nothing")));
  EXPECT_THAT(ParseBuiltInSpec("streaming:"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("name:key=value")));
}

TEST(RegistryTest, DropsOptionsThatSayTheirDefault) {
  EXPECT_EQ(ParseBuiltInSpec("streaming:window=64,evict=close,sinks=4")->ToString(),
            "streaming");
  EXPECT_EQ(ParseBuiltInSpec("streaming:window=65,sinks=4")->ToString(),
            "streaming:window=65");
  EXPECT_EQ(ParseBuiltInSpec("streaming:sinks=0,evict=before")->ToString(),
            "streaming:evict=before,sinks=0");
}

// The table names the defaults; the algorithms have them in code.
TEST(RegistryTest, DefaultsOfTheTableAreThoseOfTheAlgorithms) {
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    CacheSetup absent = SetupWithFrame(std::string(algorithm.name), 3, 200);
    if (algorithm.attention == AttentionSupport::kTensor) {
      absent.attention = AttentionKind::kTensor;
    }
    CacheSetup explicit_values = absent;
    for (const AlgorithmOption& option : algorithm.options) {
      explicit_values.spec.Set(option.key, option.default_value);
    }
    const Tokens tokens = FrameTokens(absent, 1);
    auto a = NewCache(absent);
    auto b = NewCache(explicit_values);
    for (KvCache* cache : {a.get(), b.get()}) {
      ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
      ASSERT_THAT(cache->Append(ZeroScale(2)), IsOk());
    }
    EXPECT_EQ(SnapshotOf(*a, absent), SnapshotOf(*b, explicit_values)) << algorithm.name;
  }
}

TEST(RegistryTest, CreateChecksOptionsToo) {
  CacheSetup setup = SetupOf("streaming", 4);
  setup.spec.Set("window", "x");
  EXPECT_THAT(CreateCache(setup),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("option window=x")));
  setup.spec = AlgorithmSpec::Parse("exact:a=1").value();
  EXPECT_THAT(CreateCache(setup),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no option a")));
}

TEST(RegistryTest, CreateRefusesImpossibleSizes) {
  for (const int64_t dims :
       {int64_t{0}, int64_t{-1}, int64_t{65537}, std::numeric_limits<int64_t>::max()}) {
    EXPECT_THAT(CreateCache(SetupOf("exact", dims)),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("from 1 to 65536")));
  }
  CacheSetup setup = SetupWithFrame("exact", 4, 3);
  setup.dims = 5;
  EXPECT_THAT(CreateCache(setup), StatusIs(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("frame has d = 4, the cache d = 5")));
  setup.dims = 4;
  setup.memory_limit_bytes = -1;
  EXPECT_THAT(CreateCache(setup),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("-1 bytes is negative")));
}

TEST(RegistryTest, CreateRefusesAFrameOverTheMemoryLimit) {
  for (const auto& [spec, bytes] : std::vector<std::pair<std::string, int64_t>>{
           {"exact", 10 * 2 * 3 * 4},
           {"float16", 10 * 2 * 3 * 2},
           {"bitplane", 4},
           {"streaming", 10 * (2 * 3 * 4 + 8)},
           {"streaming:sinks=1,window=2", 3 * (2 * 3 * 4 + 8)}}) {
    CacheSetup setup = SetupWithFrame(spec, 3, 10);
    setup.memory_limit_bytes = bytes;
    EXPECT_THAT(CreateCache(setup), IsOk());
    setup.memory_limit_bytes = bytes - 1;
    EXPECT_THAT(CreateCache(setup),
                StatusIs(absl::StatusCode::kResourceExhausted,
                         HasSubstr("needs " + std::to_string(bytes) + " bytes of memory, " +
                                   "allowed are " + std::to_string(bytes - 1))));
  }
}

TEST(RegistryTest, CreateSurvivesFramesOfAbsurdSize) {
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    // What has a budget or a size of its own is not driven by the frame.
    if (algorithm.kind == AlgorithmKind::kSketch || algorithm.name == "mean" ||
        algorithm.name == "zero") {
      continue;
    }
    if (algorithm.kind == AlgorithmKind::kEvictor && algorithm.name != "streaming") continue;
    CacheSetup setup = SetupOf(std::string(algorithm.name), 65536);
    if (algorithm.name == "streaming") setup.spec.Set("window", "4294967296");
    setup.frame = KeyFrame::Create(KeyFrameKind::kUnit, 7,
                                   std::numeric_limits<int64_t>::max() / 2, 65536)
                      .value();
    EXPECT_THAT(CreateCache(setup),
                StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("allowed are")));
  }
}

}  // namespace
}  // namespace kvwire
