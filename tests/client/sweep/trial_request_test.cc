#include "client/sweep/trial_request.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/sweep/trials.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

Trial WithAlgorithm(const std::string& algorithm) {
  Trial trial = TrialAt(1);
  trial.algorithm = algorithm;
  return trial;
}

std::string ResolvedAlgorithm(const std::string& algorithm, bool foreign = false) {
  return ResolveTrial(WithAlgorithm(algorithm), foreign).value().algorithm;
}

TEST(TrialRequestTest, NAndScalesOfOneShapeAreOneTrial) {
  Trial by_n = TrialAt(1);
  by_n.scales = "";
  Trial by_scales = TrialAt(1);
  by_scales.n = 0;
  EXPECT_EQ(ResolveTrial(by_n, false).value(), TrialAt(1));
  EXPECT_EQ(ResolveTrial(by_scales, false).value(), TrialAt(1));
  Trial index = by_n;
  index.problem = "index";
  EXPECT_EQ(ResolveTrial(index, false).value(), index);
}

TEST(TrialRequestTest, WhatIsResolvedStaysAsItIs) {
  EXPECT_EQ(ResolveTrial(TrialAt(9), false).value(), TrialAt(9));
}

TEST(TrialRequestTest, AlgorithmsAreExpandedForTheTokensAndSpeltInOneWay) {
  EXPECT_EQ(ResolvedAlgorithm("streaming:window={n/4}"), "streaming:window=5");
  EXPECT_EQ(ResolvedAlgorithm("streaming:window=5,sinks=4"), "streaming:window=5");
  EXPECT_EQ(ResolvedAlgorithm("mine:b={n/3},a=1", true), "mine:a=1,b=7");
}

TEST(TrialRequestTest, TheProblemsQuestionIsSpeltOut) {
  const std::pair<std::string, std::string> questions[] = {
      {"var", "all"}, {"multi-index", "random:64"}, {"index", "random:1"}};
  for (const auto& [problem, question] : questions) {
    Trial trial = TrialAt(1);
    trial.problem = problem;
    trial.ask = "";
    if (problem == "index") trial.scales = "";
    EXPECT_EQ(ResolveTrial(trial, false).value().ask, question) << problem;
  }
}

TEST(TrialRequestTest, EveryMemberReachesTheRun) {
  Trial trial = TrialAt(3);
  trial.sharpness = "12.5";
  trial.encoding = "signs";
  trial.eta_mode = "random";
  trial.mask = "none";
  trial.ask = "2.3";
  trial.memory_limit_bytes = 12345678;
  trial.frame = "code";
  const auto request = MakeRunRequest(RunOptionsOf(trial, {}), std::nullopt);
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(request->parameters.shape.problem(), Problem::kVar);
  EXPECT_EQ(request->parameters.shape.scales().ToString(), "1,2,4,8");
  EXPECT_EQ(request->parameters.dims, 64);
  EXPECT_EQ(request->parameters.frame, KeyFrameKind::kCode);
  EXPECT_EQ(request->parameters.seed, 3u);
  EXPECT_EQ(request->parameters.sharpness, 12.5);
  EXPECT_EQ(request->parameters.algorithm, "exact");
  EXPECT_EQ(request->parameters.decoding.encoding, ValueEncoding::kSigns);
  EXPECT_EQ(request->parameters.decoding.eta, 0.25);
  EXPECT_EQ(request->parameters.decoding.eta_mode, EtaMode::kRandom);
  EXPECT_EQ(request->memory_limit_bytes, 12345678);
  EXPECT_FALSE(request->masked);
  EXPECT_FALSE(request->question.all);
  const auto same = MakeRunRequest(RunOptionsOf(trial, {}), std::nullopt);
  EXPECT_EQ(same->payload.bytes(), request->payload.bytes());
}

TEST(TrialRequestTest, WhatKvwireRunRefusesIsRefused) {
  const std::pair<void (*)(Trial&), std::string> wrong[] = {
      {[](Trial& t) { t.problem = "x"; }, "tensor4"},
      {[](Trial& t) { t.scales = "1"; }, "1"},
      {[](Trial& t) { t.dims = 0; }, "d 0"},
      {[](Trial& t) { t.frame = "x"; }, "packed"},
      {[](Trial& t) { t.sharpness = "x"; }, "sharpness x"},
      {[](Trial& t) { t.sharpness = "-1"; }, "sharpness"},
      {[](Trial& t) { t.encoding = "x"; }, "signs"},
      {[](Trial& t) { t.eta = 1; }, "eta"},
      {[](Trial& t) { t.eta_mode = "x"; }, "worst"},
      {[](Trial& t) { t.mask = "x"; }, "mask 'x'"},
      {[](Trial& t) { t.ask = "21.0"; }, "21.0"},
      {[](Trial& t) { t.seed = int64_t{1} << 53; }, "2^53"},
      {[](Trial& t) { t.algorithm = "x"; }, "x"},
      {[](Trial& t) { t.algorithm = "streaming:window={n}"; }, "{n/K}"}};
  for (const auto& [spoil, message] : wrong) {
    Trial trial = TrialAt(1);
    spoil(trial);
    const auto resolved = ResolveTrial(trial, false);
    EXPECT_FALSE(resolved.ok()) << message;
    EXPECT_THAT(std::string(resolved.status().message()), HasSubstr(message));
  }
}

}  // namespace
}  // namespace kvwire
