#ifndef KVWIRE_COMMON_BASE_MATRIX_H_
#define KVWIRE_COMMON_BASE_MATRIX_H_

// The one matrix type of the tree: float32, row-major, one token a row.

#include <Eigen/Core>

namespace kvwire {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using MatrixView = Eigen::Map<const Matrix>;
// Rows that are further apart than they are long: the last argument is the stride.
using RowsView = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_MATRIX_H_
