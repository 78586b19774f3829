#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_ATTENTION_KERNEL_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_ATTENTION_KERNEL_H_

// The inner loops of attention, once for each instruction set.
//
// Queries lie side by side in the lanes of SIMD registers, up to three registers wide: a
// panel. Keys and values stay where they are, row by row, and each number of them is
// broadcast: both matrix products are outer products of a panel's column and some broadcast
// numbers, no sum ever crosses lanes, and the tile of weights [keys, lanes] that the first
// product leaves is what the second one reads. The scores of a tile are gone before the
// next.
//
// So a query's answer is one sequence of operations whatever lane it is in and whatever
// else is asked: the same bits from every instruction set with fused multiply-add, for any
// grouping of queries and any number of threads. Only how the keys are cut into blocks
// matters, and whether multiply-add is fused.
//
// This header is read by files that are compiled for machines other than the one at hand:
// it holds no code, and they include nothing else that does.

#include <cstdint>

namespace kvwire {

// Consecutive tokens. Row t of the keys begins at keys + t * stride, likewise the values.
struct KernelTokens {
  const float* keys;         // [rows, d]
  const float* values;       // [rows, d]
  const float* log_weights;  // natural logarithms [rows], or null: all are 0
  int64_t rows;
  int64_t stride;  // in numbers, >= d
};

// vectors * lanes queries, or one query where vectors is 0, and what they have seen so far,
// with every weight relative to e^top. The memory is the caller's, aligned to the size of a
// vector.
struct QueryPanel {
  int64_t vectors;  // 0 .. most_vectors
  float* queries;   // [d, lanes of the panel]
  float* outputs;   // the same: sum of e^(s - top) v over the tokens
  float* tops;      // [lanes of the panel]: the largest score s
  float* masses;    // the same: sum of e^(s - top)
};

struct AttentionKernel {
  int64_t lanes;         // queries in a vector
  int64_t most_vectors;  // of a panel
  int64_t tile_keys;     // keys whose scores are held at once

  // Takes up `rows` queries [rows, d], at least one, `stride` numbers apart, that have seen
  // `zero_rows` tokens of key and value zero. Lanes left over get queries of zeros.
  void (*load)(const float* queries, int64_t stride, int64_t rows, int64_t dims,
               float zero_rows, const QueryPanel& panel);

  // Shows the tokens to each of `count` panels, and fetches meanwhile the first of those that
  // it will be called with next, which may be any tokens. `scores` holds tile_keys * the lanes
  // of the widest panel, aligned as they are. Weights below 2^-64 of the largest so far are 0,
  // so that nothing denormal is computed with, however sharp the softmax; what is dropped is
  // less than 2^-64 a token. A NaN, and the difference of infinities, gives NaN.
  void (*absorb)(const KernelTokens& tokens, const KernelTokens& next, int64_t dims,
                 const QueryPanel* panels, int64_t count, float* scores);

  // Writes outputs / masses of the first `rows` queries, `stride` numbers apart; zeros where
  // the mass is 0.
  void (*store)(const QueryPanel& panel, int64_t rows, int64_t dims, float* outputs,
                int64_t stride);

  // Writes the products [rows, lanes of the panel] of `rows` keys [rows, d], `stride` numbers
  // apart, with the `queries` [d, lanes of the panel] of 1 .. most_vectors vectors, to
  // `scores`, aligned as the queries are: what attention makes its weights of.
  void (*score)(const float* queries, int64_t vectors, const float* keys, int64_t stride,
                int64_t rows, int64_t dims, float* scores);

  // For attention over pairs. Writes the products o of `count` rows, `stride` numbers apart,
  // with `factors` [d] to `out` [count, d].
  void (*multiply)(const float* rows, int64_t stride, int64_t count, const float* factors,
                   int64_t dims, float* out);

  // Writes to `sum` [d] the sum of weights[i] * outputs_i o values_i, of `outputs` [count, d]
  // and `count` rows of values, `stride` numbers apart.
  void (*combine)(const float* weights, const float* outputs, const float* values,
                  int64_t stride, int64_t count, int64_t dims, float* sum);
};

// Every one of these is there; whether the machine can run it, instruction_set.h says.
extern const AttentionKernel kBaselineKernel;  // whatever the build's target has
#ifdef __x86_64__
extern const AttentionKernel kAvx2Kernel;    // AVX2 and FMA
extern const AttentionKernel kAvx512Kernel;  // AVX-512 F, BW, DQ, VL
#endif

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_ATTENTION_KERNEL_H_
