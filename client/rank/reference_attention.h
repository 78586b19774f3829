#ifndef KVWIRE_CLIENT_RANK_REFERENCE_ATTENTION_H_
#define KVWIRE_CLIENT_RANK_REFERENCE_ATTENTION_H_

// The answer that compressed caches are measured against, and how far from it theirs is.

#include "common/base/matrix.h"
#include "common/workload/attention_workload.h"

namespace kvwire {

// Softmax attention [m, d] of the workload's queries over all its tokens, every score
// <q, k> times `scale`: exponentials and sums in double, rounded to float32 at the end.
// O(m n d).
Matrix ReferenceAttention(const AttentionWorkload& workload, double scale);

// The mean over rows of <a, b> / (|a| |b|), 0 for a row of zeros. One shape, a row at
// least.
double MeanCosine(const Matrix& expected, const Matrix& actual);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_REFERENCE_ATTENTION_H_
