// Attention against what the machine can do and what others make of it. The last scale of a
// pyramid 1, 2, 4, .., n attends to all of it: m = n^2 queries (at most 1024 are asked, so
// that no side of a ratio takes much longer at a time than the other), T = (n^2 - 1) / 3 + n^2
// keys, 4 m T d operations. Both sides are measured in turn, and the best of each counts.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/attention/kernel/instruction_set.h"
#include "common/attention/softmax_attention.h"
#include "common/base/parallel.h"
#include "tests/bench/attention_peers.h"
#include "tests/bench/interleaved.h"

namespace kvwire {
namespace {

constexpr int64_t kMostQueries = 1024;
constexpr int64_t kQueriesInDouble = 4096;
constexpr int64_t kSgemmSize = 2048;
constexpr double kSgemmOperations = 2.0 * kSgemmSize * kSgemmSize * kSgemmSize;
// Scores of standard deviation `deviation`.
class Problem {
 public:
  Problem(int64_t n, int64_t dims, double deviation = 1, int64_t most_queries = kMostQueries)
      : queries_(Random(std::min(n * n, most_queries), dims,
                        deviation * 3 / std::sqrt(static_cast<double>(dims)))),
        tokens_{Random((n * n - 1) / 3 + n * n, dims, 1),
                Random((n * n - 1) / 3 + n * n, dims, 1)},
        out_(queries_.rows(), dims) {}

  double operations() const {
    return 4.0 * static_cast<double>(queries_.rows()) *
           static_cast<double>(tokens_.keys.size());
  }
  void Attend() { SoftmaxAttention(queries_, tokens_, 0, out_); }
  const Matrix& out() const { return out_; }
  Matrix& out() { return out_; }
  BenchProblem view() const {
    return {queries_.data(), tokens_.keys.data(), tokens_.values.data(),
            queries_.rows(), tokens_.keys.rows(), queries_.cols()};
  }

 private:
  Matrix queries_;
  Tokens tokens_;
  Matrix out_;
};

void Report(benchmark::State& state, double operations, const Best& best, double limit,
            const std::string& of) {
  const double speed = operations / best.seconds;
  state.SetIterationTime(best.seconds);
  state.counters["FLOP/s"] = speed;
  state.counters["ratio"] = speed / best.peer;
  if (limit > 0) state.counters["limit"] = limit;
  state.SetLabel(of);
}

void AgainstSgemm(benchmark::State& state, int64_t n, int64_t dims, int threads,
                  double limit) {
  SetParallelThreads(threads);
  Problem problem(n, dims);
  for (auto _ : state) {
    const Best best =
        Interleave([&] { problem.Attend(); },
                   [&] { return kSgemmOperations / SgemmSeconds(kSgemmSize, threads); });
    Report(state, problem.operations(), best, limit, "oneDNN SGEMM 2048^3");
  }
}

void AgainstPeak(benchmark::State& state, InstructionSet set, double limit) {
  if (!absl::c_linear_search(SupportedInstructionSets(), set)) {
    state.SkipWithError("this machine has no such instructions");
    return;
  }
  SetParallelThreads(1);
  SetAttentionInstructionSet(set);
  Problem problem(64, 256);
  for (auto _ : state) {
    const Best best = Interleave([&] { problem.Attend(); },
                                 set == InstructionSet::kAvx512 ? FmaPeak512 : FmaPeak256);
    Report(state, problem.operations(), best, limit, "fused multiply-adds in registers");
  }
  SetAttentionInstructionSet(std::nullopt);
}

void AgainstEigen(benchmark::State& state, int64_t n, int threads, double limit) {
  SetParallelThreads(threads);
  Problem problem(n, 256);
  Matrix out(problem.out().rows(), problem.out().cols());
  for (auto _ : state) {
    const Best best = Interleave(
        [&] { problem.Attend(); },
        [&] {
          return problem.operations() /
                 SecondsOf([&] { NaiveAttention(problem.view(), threads, out.data()); });
        });
    Report(state, problem.operations(), best, limit, "naive Eigen, all scores at once");
  }
}

// Softmax from flat to one key a query.
void Sharpness(benchmark::State& state) {
  SetParallelThreads(1);
  for (auto _ : state) {
    double slowest = 0;
    double fastest = HUGE_VAL;
    double operations = 0;
    std::vector<Problem> problems;
    for (const double deviation : {1, 3, 10, 20, 40, 100, 300}) {
      problems.emplace_back(32, 256, deviation);
    }
    std::vector<double> best(problems.size(), HUGE_VAL);
    for (int pass = 0; pass < 30; ++pass) {
      for (size_t i = 0; i < problems.size(); ++i) {
        best[i] = std::min(best[i], SecondsOf([&] { problems[i].Attend(); }));
      }
    }
    operations = problems.front().operations();
    slowest = *std::max_element(best.begin(), best.end());
    fastest = *std::min_element(best.begin(), best.end());
    Report(state, operations, {slowest, operations / fastest}, 0.95,
           "the fastest of score deviations 1 to 300; the figure is the slowest");
  }
}

int64_t StatusBytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (absl::StartsWith(line, key)) return 1024 * std::stoll(line.substr(key.size() + 1));
  }
  return 0;
}

// The peak of the resident memory over what inputs and outputs take, in a process that has
// not attended before.
void ExtraMemory(benchmark::State& state) {
  SetParallelThreads(2);
  Problem small(64, 256);
  Problem large(128, 256);
  small.out().setZero();
  large.out().setZero();
  for (auto _ : state) {
    std::ofstream("/proc/self/clear_refs") << "5";  // forgets the peak
    const int64_t before = StatusBytes("VmRSS");
    const double seconds = SecondsOf([&] {
      small.Attend();
      large.Attend();
    });
    const auto extra = static_cast<double>(StatusBytes("VmHWM") - before);
    state.SetIterationTime(seconds);
    state.counters["B"] = extra;
    state.counters["ratio"] = extra / (2 * 1048576.0);
    state.counters["at_most"] = 1;
    state.SetLabel("1 MiB for each of two threads");
  }
}

void Error(benchmark::State& state, int64_t n) {
  SetParallelThreads(0);
  Problem problem(n, 256, 1, kQueriesInDouble);
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> reference(
      problem.out().rows(), problem.out().cols());
  for (auto _ : state) {
    state.SetIterationTime(SecondsOf([&] { problem.Attend(); }));
    AttentionInDouble(problem.view(), reference.data());
    const double error = (problem.out().cast<double>() - reference).cwiseAbs().maxCoeff() /
                         reference.cwiseAbs().maxCoeff();
    state.counters["of the largest output"] = error;
    state.counters["ratio"] = error / 5e-6;
    state.counters["at_most"] = 1;
    state.SetLabel("5e-6, largest error against double of 4096 queries");
  }
}

void RegisterAll() {
  Register("extra memory/n:64 and 128", ExtraMemory);
  struct Size {
    int64_t n;
    int64_t dims;
    double limit;
  };
  for (const Size& size : {Size{64, 256, 0.97}, Size{128, 256, 0.97}, Size{64, 64, 0.92},
                           Size{16, 256, 0.72}, Size{32, 256, 0.92}}) {
    for (const int threads : {1, 2}) {
      Register(
          absl::StrCat("n:", size.n, "/d:", size.dims, "/threads:", threads),
          [=](auto& state) { AgainstSgemm(state, size.n, size.dims, threads, size.limit); });
    }
  }
  for (const InstructionSet set : {InstructionSet::kAvx2, InstructionSet::kAvx512}) {
    Register(absl::StrCat("peak/", std::string(InstructionSetName(set))),
             [=](auto& state) { AgainstPeak(state, set, 0.87); });
  }
  Register("naive/n:64/threads:1", [](auto& state) { AgainstEigen(state, 64, 1, 1.6); });
  Register("naive/n:64/threads:2", [](auto& state) { AgainstEigen(state, 64, 2, 1.6); });
  Register("sharpness", Sharpness);
  Register("error/n:256", [](auto& state) { Error(state, 256); });
}

}  // namespace
}  // namespace kvwire

int main(int argc, char** argv) {
  kvwire::RegisterAll();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const auto set = kvwire::InstructionSetName(kvwire::AttentionInstructionSet());
  benchmark::AddCustomContext("attention kernel", std::string(set));
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
