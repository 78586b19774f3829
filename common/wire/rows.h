#ifndef KVWIRE_COMMON_WIRE_ROWS_H_
#define KVWIRE_COMMON_WIRE_ROWS_H_

// Matrices as the bytes of a message: float32, little-endian, row-major.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/matrix.h"

namespace kvwire {

// Rows travel in messages of at most about this many bytes, at least one row each.
inline constexpr int64_t kRowBytesPerMessage = int64_t{1} << 20;

// How many rows of `dims` numbers make one message.
int64_t RowsPerMessage(int64_t dims);

std::string RowsToBytes(const Eigen::Ref<const Matrix>& rows);

// Returns INVALID_ARGUMENT, naming `what`, unless bytes.size() == rows x dims x 4
// and every number is finite.
absl::StatusOr<Matrix> RowsFromBytes(std::string_view bytes, int64_t rows, int64_t dims,
                                     std::string_view what);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_ROWS_H_
