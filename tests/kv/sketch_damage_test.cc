// Snapshots of samplers and sketches with right checksums and contents that no stream leaves.

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Five tokens of d = 1, keys 0, 0, 5, 10, 10 and values 1 .. 5, then three zero tokens: 8 in
// all, so that a counter has 4 bits.
class SketchDamageTest : public ::testing::Test {
 protected:
  void Use(const std::string& spec, AttentionKind attention = AttentionKind::kOrdinary) {
    setup_ = SetupOf(spec, 1);
    setup_.attention = attention;
    Tokens tokens{Matrix::Zero(5, setup_.row_width()), Matrix::Zero(5, setup_.row_width())};
    for (int64_t i = 0; i < 5; ++i) {
      tokens.keys.row(i).setConstant(static_cast<float>(i == 1 ? 0 : (i + 1) / 2 * 5));
      tokens.keys(i, 0) = std::vector<float>{0, 0, 5, 10, 10}[static_cast<size_t>(i)];
      tokens.values.row(i).setConstant(static_cast<float>(i + 1));
    }
    auto cache = NewCache(setup_);
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    ASSERT_THAT(cache->Append(ZeroScale(3)), IsOk());
    good_ = ContainerOf(SnapshotOf(*cache, setup_));
    ASSERT_THAT(Restore(good_.Build(), setup_), IsOk());
  }

  // Counters of 4 bits instead of those of a section.
  Container WithCounters(size_t section, const std::vector<int>& counters) const {
    Container changed = good_;
    Section& to = changed.sections[section];
    to.body.assign((counters.size() + 1) / 2, '\0');
    for (size_t i = 0; i < counters.size(); ++i) {
      to.body[i / 2] = static_cast<char>(to.body[i / 2] | counters[i] << (i % 2 == 0 ? 0 : 4));
    }
    to.unused_bits = counters.size() % 2 == 0 ? 0 : 4;
    return changed;
  }

  template <typename Number>
  Container WithNumber(size_t section, size_t index, Number number) const {
    Container changed = good_;
    std::memcpy(changed.sections[section].body.data() + index * sizeof(number), &number,
                sizeof(number));
    return changed;
  }

  Container WithLength(size_t section, size_t bytes) const {
    Container changed = good_;
    changed.sections[section].body.resize(bytes, '\1');
    return changed;
  }

  void ExpectDataLoss(const Container& changed, const std::string& what) const {
    EXPECT_THAT(Restore(changed.Build(), setup_),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(what)));
  }

  void ExpectNoNumber(size_t section, size_t index) const {
    for (const float number : {kNan, kInfinity, -kInfinity}) {
      ExpectDataLoss(WithNumber(section, index, number), "is not finite");
    }
  }

  CacheSetup setup_;
  Container good_;
};

TEST_F(SketchDamageTest, CountersOfClustersMustBeThoseOfTheStream) {
  for (const std::string spec : {"subgen:delta=1,s=2,t=1", "subgen-ratio:delta=1,t=1"}) {
    Use(spec);
    ASSERT_EQ(WithCounters(0, {2, 1, 2}).Build(), good_.Build());
    EXPECT_THAT(Restore(WithCounters(0, {2, 1, 5}).Build(), setup_), IsOk());
    ExpectDataLoss(WithCounters(0, {2, 0, 2}), "a counter says 0");
    ExpectDataLoss(WithCounters(0, {2, 1, 6}), "a counter says 6 where 1 to 5 of 8");
    ExpectDataLoss(WithCounters(0, {9, 1, 1}), "a counter says 9");
    ExpectDataLoss(WithCounters(0, {1, 1, 1, 1, 1, 1, 1, 1, 1}), "at most 8");
    Container half_counter = good_;
    half_counter.sections[0].unused_bits = 2;
    ExpectDataLoss(half_counter, "does not hold counters of 4 bits");
  }
}

TEST_F(SketchDamageTest, ClustersAreNoMoreThanTheCap) {
  for (const std::string spec :
       {"subgen:clusters=3,delta=1,s=2,t=1", "subgen-ratio:clusters=3,delta=1,t=1"}) {
    Use(spec);
    ExpectDataLoss(WithCounters(0, {2, 1, 1, 1}), "at most 3");
  }
}

TEST_F(SketchDamageTest, ClustersAndTheirKeysMustFit) {
  Use("subgen:delta=1,s=2,t=2");
  ExpectDataLoss(WithCounters(0, {2, 3}), "bits where");
  ExpectDataLoss(WithLength(1, 8 * 4), "bits where");
  ExpectDataLoss(WithLength(1, 7), "whole rows");
  for (size_t number = 0; number < 9; ++number) ExpectNoNumber(1, number);
  // Cluster 1 has one token: its centre is all of its keys.
  for (const size_t number : {3, 4, 5}) {
    ExpectDataLoss(WithNumber(1, number, 5.5F), "cluster 1 of one token has two different");
  }
}

TEST_F(SketchDamageTest, SampledValuesMustAgreeWithTheirSum) {
  Use("subgen:delta=1,s=2,t=1");
  EXPECT_THAT(Restore(WithNumber(2, 0, 56.0).Build(), setup_), IsOk());
  for (const double sum : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity(), 1e300}) {
    ExpectDataLoss(WithNumber(2, 0, sum), "a sum of squared norms");
  }
  ExpectDataLoss(WithNumber(2, 0, 0.5), "the sum is 0.5");
  ExpectDataLoss(WithNumber(3, 1, 0.0F), "holds a value of squared norm 0");
  ExpectDataLoss(WithNumber(3, 3, 1e9F), "holds a value of squared norm");
  for (size_t number = 0; number < 4; ++number) ExpectNoNumber(3, number);
  ExpectDataLoss(WithLength(2, 0), "bits where");
  ExpectDataLoss(WithLength(2, 16), "bits where");
  ExpectDataLoss(WithLength(3, 8), "bits where");
  Container no_tokens = WithCounters(0, {});
  no_tokens.sections[1].body.clear();
  ExpectDataLoss(no_tokens, "bits where 0 are due");
}

TEST_F(SketchDamageTest, BothFactorsMustCountTheSameTokens) {
  Use("subgen4:delta=1,s=2,t=1", AttentionKind::kTensor);
  ASSERT_EQ(WithCounters(0, {2, 1, 2}).Build(), good_.Build());
  ExpectDataLoss(WithCounters(0, {2, 1, 3}), "count different tokens");
  ExpectDataLoss(WithCounters(4, {2, 1, 0}), "a counter says 0");
  ExpectNoNumber(5, 0);
  ExpectNoNumber(7, 2);
}

TEST_F(SketchDamageTest, SampledTokensMustBelongToTheirClusters) {
  Use("subgen-ratio:delta=1,t=2");
  ExpectDataLoss(WithCounters(0, {2, 2, 2}), "rows where 6 are due");
  ExpectDataLoss(WithLength(1, 8), "rows where 3 are due");
  ExpectNoNumber(1, 1);
  ExpectNoNumber(2, 4);
  ExpectDataLoss(WithNumber(2, 4, 6.0F), "cluster 1 does not begin with its centre");
  ExpectDataLoss(WithNumber(2, 1, 0.0F), "is a zero token");
}

TEST_F(SketchDamageTest, HalvedTokensMustBeAsManyAsTheCountSays) {
  Use("balancekv:block=2,sinks=1,window=1");
  ASSERT_EQ(WithCounters(0, {5}).Build(), good_.Build());
  ASSERT_EQ(good_.sections[1].body.size(), 8U * 4);  // sink, level 1, one waiting, recent
  EXPECT_THAT(Restore(WithCounters(0, {7}).Build(), setup_), IsOk());
  ExpectDataLoss(WithCounters(0, {6}), "4 rows where 3 of 6 tokens are due");
  ExpectDataLoss(WithCounters(0, {0}), "a counter says 0");
  ExpectDataLoss(WithCounters(0, {9}), "a counter says 9");
  ExpectDataLoss(WithCounters(0, {2, 3}), "at most 1");
  ExpectNoNumber(1, 2);
  Container zero_token = WithNumber(1, 6, 0.0F);
  std::memset(zero_token.sections[1].body.data() + 28, 0, 4);
  ExpectDataLoss(zero_token, "is a zero token");
}

TEST_F(SketchDamageTest, SumsOfFeaturesMustBePossible) {
  Use("scatterbrain:features=2,window=1");
  ASSERT_EQ(WithCounters(0, {5}).Build(), good_.Build());
  for (size_t number = 0; number < 4; ++number) {
    for (const float sum : {kNan, kInfinity, -0.0F}) {
      ExpectDataLoss(WithNumber(1, number, sum), "are those of no tokens");
    }
  }
  ExpectDataLoss(WithNumber(1, 0, -1.0F), "the sums of feature 0 are those of no tokens");
  ExpectDataLoss(WithNumber(1, 2, 0.0F), "the sums of feature 1 are those of no tokens");
  ExpectDataLoss(WithCounters(0, {1}), "bits where 0 are due");
  ExpectDataLoss(WithLength(2, 0), "bits where");
  ExpectNoNumber(2, 0);
  // A value that is far beyond its weight is answered within the range of binary32.
  Container far = WithNumber(1, 0, 1e-45F);
  std::memcpy(far.sections[1].body.data() + 4, "\xff\xff\x7f\x7f", 4);
  const auto restored = Restore(far.Build(), setup_);
  ASSERT_THAT(restored, IsOk());
  EXPECT_TRUE(Attended(**restored, Matrix::Constant(3, 1, -300)).allFinite());
}

// Counts and lengths that agree with each other and with 2^53 tokens, but not with memory.
TEST_F(SketchDamageTest, WhatIsAnnouncedIsBoundedBeforeItIsTaken) {
  for (const std::string spec : {"subgen", "subgen-ratio"}) {
    Use(spec);
    setup_.memory_limit_bytes = 1 << 30;
    auto cache = NewCache(setup_);
    const SnapshotSection counters{SectionContent::kCounters, int64_t{54} << 40};
    EXPECT_THAT(cache->BeginSection(int64_t{1} << 53, counters),
                StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("bytes of memory")));
  }
}

}  // namespace
}  // namespace kvwire
