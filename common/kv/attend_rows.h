#ifndef KVWIRE_COMMON_KV_ATTEND_ROWS_H_
#define KVWIRE_COMMON_KV_ATTEND_ROWS_H_

#include <cstdint>

#include "common/attention/softmax_attention.h"
#include "common/base/matrix.h"
#include "common/kv/kv_cache.h"

namespace kvwire {

// Writes the attention output [m, d] of `queries` [m, d] over the tokens of `blocks`,
// whose keys and values are [rows, setup.row_width()], and `zero_rows` zero tokens, by
// the kind of attention and with the scale of scores that the setup asks for. Weights of
// tokens are for ordinary attention only. In tensor attention the source is
// walked about 3 + m R d / 2^16 times, also from within a visit.
void AttendRows(const CacheSetup& setup, const Eigen::Ref<const Matrix>& queries,
                BlockSource blocks, int64_t zero_rows, Eigen::Ref<Matrix> out);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ATTEND_ROWS_H_
