#ifndef KVWIRE_TESTS_BENCH_INTERLEAVED_H_
#define KVWIRE_TESTS_BENCH_INTERLEAVED_H_

// Two sides of a ratio, measured in turn.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <string>

#include "common/attention/softmax_attention.h"

namespace kvwire {

inline constexpr std::chrono::milliseconds kTurn(300);  // of a side, at least
inline constexpr int kTurns = 8;

inline double SecondsOf(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Uniform in [-1, 1] times `scale`.
inline Matrix Random(int64_t rows, int64_t dims, double scale) {
  return Matrix::Random(rows, dims) * static_cast<float>(scale);
}

struct Tokens {
  Matrix keys;
  Matrix values;

  void operator()(BlockVisitor visit) const {
    visit({MatrixView(keys.data(), keys.rows(), keys.cols()),
           MatrixView(values.data(), values.rows(), values.cols()), nullptr,
           /*lasting=*/true});
  }
};

// The best of both in turn: seconds of work, and what the peer says, the larger the better.
struct Best {
  double seconds = HUGE_VAL;
  double peer = 0;
};

inline Best Interleave(const std::function<void()>& work,
                       const std::function<double()>& peer) {
  // Short ones again and again, for caches and clock to settle.
  const auto repeat = [](const std::function<void()>& one) {
    const auto begin = std::chrono::steady_clock::now();
    do {
      one();
    } while (std::chrono::steady_clock::now() - begin < kTurn);
  };
  Best best;
  for (int turn = 0; turn < kTurns; ++turn) {
    repeat([&] { best.peer = std::max(best.peer, peer()); });
    repeat([&] { best.seconds = std::min(best.seconds, SecondsOf(work)); });
  }
  return best;
}

inline void Register(const std::string& name,
                     const std::function<void(benchmark::State&)>& run) {
  benchmark::RegisterBenchmark(name.c_str(), run)->Iterations(1)->UseManualTime();
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_BENCH_INTERLEAVED_H_
