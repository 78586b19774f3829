// Tensor attention for one query, d = 64, over n tokens: four matrices of n rows (tensor4),
// and their Kronecker products, two of n^2 rows (tensor2), read once from wherever they are.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "common/attention/tensor_attention.h"
#include "common/base/parallel.h"
#include "tests/bench/attention_peers.h"
#include "tests/bench/interleaved.h"

namespace kvwire {
namespace {

constexpr int64_t kDims = 64;

void Tensor(benchmark::State& state, int64_t n, double limit) {
  SetParallelThreads(1);
  const Matrix query = Random(1, kDims, 1);
  const Matrix factors[] = {Random(n, kDims, 1), Random(n, kDims, 1), Random(n, kDims, 1),
                            Random(n, kDims, 1)};
  Tokens products{Matrix(n * n, kDims), Matrix(n * n, kDims)};
  for (int64_t a = 0; a < n; ++a) {
    products.keys.middleRows(a * n, n) =
        factors[1].array().rowwise() * factors[0].row(a).array();
    products.values.middleRows(a * n, n) =
        factors[3].array().rowwise() * factors[2].row(a).array();
  }
  const auto view = [](const Matrix& matrix) {
    return RowsView(matrix.data(), matrix.rows(), matrix.cols(),
                    Eigen::OuterStride<>(matrix.cols()));
  };
  const auto block = [&](TensorBlockVisitor visit) {
    visit({view(factors[0]), view(factors[1]), view(factors[2]), view(factors[3]),
           /*lasting=*/true});
  };
  Matrix out(1, kDims);
  Matrix expected(1, kDims);
  for (auto _ : state) {
    const Best best = Interleave(
        [&] { TensorAttention(query, block, 0, out); },
        [&] {
          return 1 / SecondsOf([&] { SoftmaxAttention(query, products, 0, expected); });
        });
    if ((out - expected).cwiseAbs().maxCoeff() > 1e-4F * expected.cwiseAbs().maxCoeff()) {
      state.SkipWithError("the two do not agree");
      return;
    }
    state.SetIterationTime(best.seconds);
    state.counters["ms"] = 1e3 * best.seconds;
    state.counters["ratio"] = 1 / best.seconds / best.peer;
    state.counters["limit"] = limit;
    state.SetLabel("two matrices of n^2 rows, streamed: times as fast");
  }
}

// How far that is limited by reading two matrices of n^2 rows.
void TensorTwo(benchmark::State& state, int64_t n) {
  SetParallelThreads(1);
  const Matrix query = Random(1, 64, 1);
  const Tokens products{Random(n * n, 64, 1), Random(n * n, 64, 1)};
  Matrix out(1, 64);
  const auto bytes = static_cast<double>(2 * n * n * 64) * sizeof(float);
  for (auto _ : state) {
    const Best best =
        Interleave([&] { SoftmaxAttention(query, products, 0, out); },
                   [&] {
                     return bytes / SecondsOf([&] {
                              for (const Matrix* rows : {&products.keys, &products.values}) {
                                benchmark::DoNotOptimize(SumOf(rows->data(), rows->size()));
                              }
                            });
                   });
    state.SetIterationTime(best.seconds);
    state.counters["ms"] = 1e3 * best.seconds;
    state.counters["ratio"] = bytes / best.seconds / best.peer;
    state.SetLabel("reading as many bytes and adding them up");
  }
}

}  // namespace
}  // namespace kvwire

int main(int argc, char** argv) {
  for (const int64_t n : {64, 128, 256, 512}) {
    kvwire::Register(absl::StrCat("tensor4/n:", n),
                     [=](auto& state) { kvwire::Tensor(state, n, n == 512 ? 15 : 5); });
    kvwire::Register(absl::StrCat("tensor2/n:", n),
                     [=](auto& state) { kvwire::TensorTwo(state, n); });
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
