// The instance of the problem that the flags ask for.

#include "client/problem_options.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/question.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr const char* kSized[] = {"index", "tensor4", "tensor2"};

// Sharpness is a number here: solving it takes time.
RunOptions Of(const std::string& problem) {
  RunOptions options;
  options.problem = problem;
  options.n = 8;
  options.dims = 4;
  options.sharpness = "10";
  return options;
}

absl::StatusOr<RunRequest> Make(const RunOptions& options) {
  return MakeRunRequest(options, std::nullopt);
}

TEST(ProblemOptionsTest, EachProblemHasTheTokensOfItsTheorem) {
  for (const auto& [problem, tokens] : std::vector<std::pair<std::string, int64_t>>{
           {"index", 8}, {"multi-index", 21}, {"var", 21}, {"tensor4", 8}, {"tensor2", 64}}) {
    const auto parameters = ParametersOf(Of(problem), 0);
    ASSERT_THAT(parameters, IsOk());
    EXPECT_EQ(ProblemName(parameters->shape.problem()), problem);
    EXPECT_EQ(parameters->shape.tokens(), tokens) << problem;
    EXPECT_EQ(parameters->shape.n(), 8);
  }
}

TEST(ProblemOptionsTest, WithoutNTheSizeIs64) {
  for (const std::string problem : {"index", "multi-index", "var", "tensor4", "tensor2"}) {
    RunOptions options = Of(problem);
    options.n.reset();
    EXPECT_EQ(ParametersOf(options, 0)->shape.n(), 64) << problem;
  }
}

TEST(ProblemOptionsTest, AnUnknownProblemIsRefusedWithTheOnesThereAre) {
  for (const std::string problem : {"", "VAR", "tensor"}) {
    EXPECT_THAT(
        Make(Of(problem)),
        StatusIs(kInvalid, HasSubstr("must be one of index, multi-index, var, tensor4, "
                                     "tensor2, not \"" +
                                     problem + "\"")));
  }
}

TEST(ProblemOptionsTest, ASizeThatTheProblemDoesNotTakeIsRefused) {
  for (const std::string problem : kSized) {
    for (const int64_t n : {int64_t{0}, int64_t{-1}, int64_t{1} << 31, INT64_MAX, INT64_MIN}) {
      RunOptions options = Of(problem);
      options.n = n;
      EXPECT_THAT(Make(options),
                  StatusIs(kInvalid, AllOf(HasSubstr("n of problem " + problem),
                                           HasSubstr(absl::StrCat("not ", n)))));
    }
    // Any other size is one, powers of two or not.
    RunOptions options = Of(problem);
    for (options.n = 1; *options.n <= 12; ++*options.n) EXPECT_THAT(Make(options), IsOk());
    options.n = problem == "tensor2" ? 32768 : 1 << 30;
    EXPECT_THAT(Make(options),
                StatusIs(kInvalid, HasSubstr("L d must be at most 1073741824")));
  }
}

TEST(ProblemOptionsTest, ScalesAreForProblemsThatHaveThem) {
  for (const std::string problem : kSized) {
    RunOptions options = Of(problem);
    options.scales = "1,2,4";
    EXPECT_THAT(Make(options), StatusIs(kInvalid, HasSubstr("--scales: problem " + problem +
                                                            " has no scales; give --n")));
    options.n.reset();
    EXPECT_THAT(Make(options), StatusIs(kInvalid, HasSubstr("--scales")));
  }
  RunOptions options = Of("multi-index");
  options.n.reset();
  options.scales = "1,2,3,2";
  EXPECT_EQ(ParametersOf(options, 0)->shape.tokens(), 14);
}

// The least n with room for `bits`, by trying them all.
int64_t LeastSize(const std::string& problem, int64_t bits, int64_t dims) {
  int64_t n = 1;
  while ((problem == "tensor2" ? n * n : n) * dims < bits) ++n;
  return n;
}

TEST(ProblemOptionsTest, WithoutNAFileGetsTheSmallestSizeThatHoldsIt) {
  for (const std::string problem : kSized) {
    for (const int64_t dims : {1, 3, 64}) {
      RunOptions options = Of(problem);
      options.n.reset();
      options.dims = dims;
      for (int64_t bits = 8; bits <= 4000; bits += 8) {
        const auto parameters = ParametersOf(options, bits);
        ASSERT_THAT(parameters, IsOk());
        ASSERT_EQ(parameters->shape.n(), LeastSize(problem, bits, dims))
            << problem << " of " << bits << " bits, d = " << dims;
      }
    }
  }
}

TEST(ProblemOptionsTest, AFileHasNoSizeWhereThereAreNoCoordinates) {
  for (const std::string problem : {"var", "tensor4", "tensor2"}) {
    RunOptions options = Of(problem);
    options.n.reset();
    for (const int64_t dims : {int64_t{0}, int64_t{-1}, int64_t{1} << 62}) {
      options.dims = dims;
      EXPECT_THAT(ShapeOf(options, 8), StatusIs(kInvalid, HasSubstr("--d"))) << problem;
    }
  }
}

TEST(ProblemOptionsTest, TheQuestionIsTheProblemsUnlessOneIsAsked) {
  const auto asked = [](const RunOptions& options) { return Make(options)->question; };
  EXPECT_EQ(asked(Of("index")).random_count, 1);
  EXPECT_FALSE(asked(Of("index")).all);
  // n^2 of 84 positions.
  EXPECT_EQ(asked(Of("multi-index")).random_count, 64);
  for (const std::string problem : {"var", "tensor4", "tensor2"}) {
    EXPECT_TRUE(asked(Of(problem)).all) << problem;
  }
  for (const std::string problem : {"index", "multi-index", "var", "tensor4", "tensor2"}) {
    RunOptions options = Of(problem);
    options.ask = "7.3";
    EXPECT_THAT(asked(options).positions, ElementsAre(31)) << problem;
    options.ask = "all";
    EXPECT_TRUE(asked(options).all) << problem;
  }
}

TEST(ProblemOptionsTest, AMultiIndexAsksForNoMoreThanThereIsOrMayBeAsked) {
  RunOptions options = Of("multi-index");
  options.n.reset();
  options.scales = "1,1,5";  // 8 bits, 25 queries
  EXPECT_EQ(DefaultQuestion(*ParametersOf(options, 0)), "random:8");
  options.dims = 13;
  EXPECT_EQ(DefaultQuestion(*ParametersOf(options, 0)), "random:25");
  options.scales.clear();
  options.n = 4096;
  options.allow_long = true;
  EXPECT_EQ(DefaultQuestion(*ParametersOf(options, 0)), "random:1048576");
}

TEST(ProblemOptionsTest, ARunThatTakesDaysIsNotBegunByAccident) {
  RunOptions options = Of("var");
  options.n = 4096;
  options.dims = 64;
  EXPECT_THAT(ParametersOf(options, 0), StatusIs(kInvalid, HasSubstr("--allow-long")));
  options.allow_long = true;
  EXPECT_THAT(ParametersOf(options, 0), IsOk());
}

TEST(ProblemOptionsTest, EtaAndTheEncodingReachTheParameters) {
  RunOptions options = Of("tensor4");
  options.encoding = "signs";
  options.eta = 0.75;
  options.eta_mode = "random";
  const auto request = Make(options);
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(request->parameters.decoding.encoding, ValueEncoding::kSigns);
  EXPECT_EQ(request->parameters.decoding.eta, 0.75);
  EXPECT_EQ(request->parameters.decoding.eta_mode, EtaMode::kRandom);
}

TEST(ProblemOptionsTest, AnEtaOutOfRangeIsRefused) {
  for (const double eta : {1.0, 1.5, -0.1, HUGE_VAL, -HUGE_VAL, std::nan("")}) {
    for (const char* sharpness : {"10", "solve", "paper"}) {
      RunOptions options = Of("var");
      options.eta = eta;
      options.sharpness = sharpness;
      EXPECT_THAT(Make(options),
                  StatusIs(kInvalid, HasSubstr("eta must be at least 0 and below 1, not ")))
          << eta << " " << sharpness;
    }
  }
}

TEST(ProblemOptionsTest, AnUnknownEncodingOrModeIsRefusedWithTheOnesThereAre) {
  RunOptions options = Of("var");
  options.encoding = "x";
  EXPECT_THAT(Make(options), StatusIs(kInvalid, AllOf(HasSubstr("encoding"),
                                                      HasSubstr("bits or signs, not \"x\""))));
  options = Of("var");
  options.eta_mode = "x";
  EXPECT_THAT(Make(options),
              StatusIs(kInvalid, AllOf(HasSubstr("mode of eta"),
                                       HasSubstr("worst or random, not \"x\""))));
}

TEST(ProblemOptionsTest, ThePapersFormulaHasNoSharpnessForOneToken) {
  RunOptions options = Of("index");
  options.n = 1;
  EXPECT_THAT(Make(options), IsOk());
  options.sharpness = "paper";
  EXPECT_THAT(Make(options), StatusIs(kInvalid, HasSubstr("sharpness C must be above 0")));
}

}  // namespace
}  // namespace kvwire
