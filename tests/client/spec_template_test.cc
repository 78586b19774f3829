#include "client/spec_template.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Expanded(const std::string& text, int64_t tokens) {
  return ExpandSpec(text, tokens).value();
}

TEST(SpecTemplateTest, WhatHasNoBracesStandsForItself) {
  for (const std::string text : {"", "exact", "kivi:bits=2,group=32+window:sinks=4"}) {
    EXPECT_EQ(Expanded(text, 4096), text);
  }
}

TEST(SpecTemplateTest, SizesAreSharesOfTheStreamRoundedDown) {
  EXPECT_EQ(Expanded("streaming:window={n/16}", 4096), "streaming:window=256");
  EXPECT_EQ(Expanded("streaming:window={n/16-4}", 4096), "streaming:window=252");
  EXPECT_EQ(Expanded("h2o:heavy={n/32},recent={n/32-1}", 341), "h2o:heavy=10,recent=9");
  EXPECT_EQ(Expanded("{n/1}", 7), "7");
  EXPECT_EQ(Expanded("{n/2}{n/2-0}", 7), "33");
}

TEST(SpecTemplateTest, ASizeIsAtLeastOne) {
  EXPECT_EQ(Expanded("a:b={n/100}", 7), "a:b=1");
  EXPECT_EQ(Expanded("a:b={n/2-999999999}", 7), "a:b=1");
}

TEST(SpecTemplateTest, OtherBracesAreRefusedWithTheGrammar) {
  for (const std::string text :
       {"{", "}", "{}", "a}{n/2}", "{n}", "{n/}", "{n/0}", "{n/-1}", "{n/2-}", "{n/2--1}",
        "{n/ 2}", "{n/+2}", "{n/2", "{m/2}", "{n*2}", "{n/1.5}", "{n/1000000000}",
        "{n/2-1000000000}", "{{n/2}}"}) {
    EXPECT_THAT(ExpandSpec(text, 64),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("'" + text + "'"), HasSubstr("{n/K} or {n/K-C}"))))
        << text;
  }
}

}  // namespace
}  // namespace kvwire
