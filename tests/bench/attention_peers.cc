#include "tests/bench/attention_peers.h"

#include <immintrin.h>
#include <omp.h>

#include <Eigen/Core>
#include <chrono>
#include <thread>

#include "dnnl.h"

namespace kvwire {
namespace {

// About as long as the attention to be compared.
constexpr int64_t kSteps = 32'000'000;
constexpr int kChains = 12;  // enough to hide the latency of two units

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

__attribute__((target("avx2,fma"))) void MultiplyAdd256() {
  __m256 sums[kChains];
  __m256 x = _mm256_set1_ps(0.5F);
  __asm__ volatile("" : "+x"(x));
#pragma GCC unroll 12
  for (__m256& sum : sums) sum = x;
  for (int64_t i = 0; i < kSteps; ++i) {
#pragma GCC unroll 12
    for (__m256& sum : sums) {
      sum = _mm256_fmadd_ps(sum, x, x);
      __asm__ volatile("" : "+x"(sum));
    }
  }
}

__attribute__((target("avx512f"))) void MultiplyAdd512() {
  __m512 sums[kChains];
  __m512 x = _mm512_set1_ps(0.5F);
  __asm__ volatile("" : "+v"(x));
#pragma GCC unroll 12
  for (__m512& sum : sums) sum = x;
  for (int64_t i = 0; i < kSteps; ++i) {
#pragma GCC unroll 12
    for (__m512& sum : sums) {
      sum = _mm512_fmadd_ps(sum, x, x);
      __asm__ volatile("" : "+v"(sum));
    }
  }
}

double PeakOf(void (*work)(), int lanes) {
  const Clock::time_point begin = Clock::now();
  work();
  return 2.0 * kSteps * kChains * lanes / SecondsSince(begin);
}

}  // namespace

double FmaPeak256() {
  const bool can = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return can ? PeakOf(MultiplyAdd256, 8) : 0;
}

double FmaPeak512() {
  return __builtin_cpu_supports("avx512f") ? PeakOf(MultiplyAdd512, 16) : 0;
}

double SgemmSeconds(int64_t size, int threads) {
  static Eigen::MatrixXf a;
  static Eigen::MatrixXf b;
  static Eigen::MatrixXf c;
  if (a.rows() != size) {
    a = Eigen::MatrixXf::Random(size, size);
    b = Eigen::MatrixXf::Random(size, size);
    c = Eigen::MatrixXf::Zero(size, size);
  }
  omp_set_num_threads(threads);
  const Clock::time_point begin = Clock::now();
  dnnl_sgemm('N', 'N', size, size, size, 1, a.data(), size, b.data(), size, 0, c.data(), size);
  const double seconds = SecondsSince(begin);
  // OpenMP's threads look for more work for a while before they sleep.
  if (threads > 1) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return seconds;
}

}  // namespace kvwire
