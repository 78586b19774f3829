#include "common/wire/rows.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/little_endian.h"

namespace kvwire {

int64_t RowsPerMessage(int64_t dims) {
  return std::max<int64_t>(1, kRowBytesPerMessage / (dims * int64_t{sizeof(float)}));
}

std::string RowsToBytes(const Eigen::Ref<const Matrix>& rows) {
  const size_t row_bytes = rows.cols() * sizeof(float);
  std::string bytes(rows.rows() * row_bytes, '\0');
  for (Eigen::Index row = 0; row < rows.rows(); ++row) {
    std::memcpy(bytes.data() + row * row_bytes, rows.row(row).data(), row_bytes);
  }
  return bytes;
}

absl::StatusOr<Matrix> RowsFromBytes(std::string_view bytes, int64_t rows, int64_t dims,
                                     std::string_view what) {
  const int64_t row_bytes = dims * int64_t{sizeof(float)};
  const int64_t size = static_cast<int64_t>(bytes.size());
  // Division first: rows comes from the wire and could overflow the product.
  if (rows < 0 || size / row_bytes != rows || size % row_bytes != 0) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(what), " has ", bytes.size(),
                                                   " bytes, not ", rows, " rows x ", dims,
                                                   " numbers x 4 bytes"));
  }
  Matrix matrix(rows, dims);
  if (!bytes.empty()) std::memcpy(matrix.data(), bytes.data(), bytes.size());
  if (!matrix.allFinite()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(what), " holds a NaN or an infinity"));
  }
  return matrix;
}

}  // namespace kvwire
