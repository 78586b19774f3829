#ifndef KVWIRE_TESTS_BENCH_ATTENTION_PEERS_H_
#define KVWIRE_TESTS_BENCH_ATTENTION_PEERS_H_

// What the attention benchmarks compare with. Matrices are row-major float32, aligned as the
// allocator of Eigen does it.

#include <cstdint>

namespace kvwire {

struct BenchProblem {
  const float* queries;  // [m, d]
  const float* keys;     // [rows, d]
  const float* values;   // [rows, d]
  int64_t m;
  int64_t rows;
  int64_t dims;
};

// Floating-point operations a second of independent fused multiply-adds in registers, on one
// thread: what the machine can do at most with vectors of 256 or 512 bits. 0 without them.
double FmaPeak256();
double FmaPeak512();

// Seconds of oneDNN's SGEMM of two square matrices on `threads` threads.
double SgemmSeconds(int64_t size, int threads);

// The sum of numbers, as fast as one thread reads them.
float SumOf(const float* numbers, int64_t count);

// Attention as one would write it with Eigen, compiled for this very machine: all scores,
// their softmax row by row, one more product. out [m, d].
void NaiveAttention(const BenchProblem& problem, int threads, float* out);

// The same in double, score by score for a block of queries: what errors are measured from.
// `reference` [m, d].
void AttentionInDouble(const BenchProblem& problem, double* reference);

}  // namespace kvwire

#endif  // KVWIRE_TESTS_BENCH_ATTENTION_PEERS_H_
