#ifndef KVWIRE_COMMON_KV_PORTABLE_SCORES_H_
#define KVWIRE_COMMON_KV_PORTABLE_SCORES_H_

// Scores for policies that decide by them: in double, every sum in a fixed order, so that
// all machines evict the same tokens. Slower than SoftmaxAttention, whose last bits depend
// on the instruction set.

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "common/attention/softmax_attention.h"
#include "common/base/matrix.h"

namespace kvwire {

// Called with the index of a query and scale <q, k> of each row [rows], which it may
// overwrite.
using LogitVisitor = absl::FunctionRef<void(int64_t query, absl::Span<double> logits)>;

// Visits `queries` [m, d] in order, each with its logits over the `rows` keys of `blocks`.
// O(m rows d) time, 64 bytes of memory a row.
void VisitLogits(BlockSource blocks, int64_t rows, MatrixView queries, double scale,
                 LogitVisitor visit);

// Turns the logits of one query into softmax probabilities, in place, with `zeros` more
// tokens whose key is zero. There must be at least one token. Returns the probability of
// a zero token, 0 if there is none.
double PortableSoftmax(absl::Span<double> logits, int64_t zeros);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_PORTABLE_SCORES_H_
