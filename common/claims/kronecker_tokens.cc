#include "common/claims/kronecker_tokens.h"

#include <array>

#include "common/base/counter_rng.h"

namespace kvwire {
namespace {

// The bytes "tensor".
constexpr uint64_t kFactorStream = 0x726f736e6574;

MatrixView ViewOf(const Matrix& matrix) {
  return MatrixView(matrix.data(), matrix.rows(), matrix.cols());
}

}  // namespace

TensorBlock KroneckerFactors::block() const {
  const auto view = [](const Matrix& matrix) {
    return RowsView(matrix.data(), matrix.rows(), matrix.cols(),
                    Eigen::OuterStride<>(matrix.cols()));
  };
  return {view(k1), view(k2), view(v1), view(v2), /*lasting=*/true};
}

KroneckerFactors DrawFactors(int64_t rows, int64_t dims, uint64_t seed) {
  const CounterRng rng(seed, kFactorStream);
  BitVector bits(4 * rows * dims);
  for (int64_t i = 0; i < bits.size_bits(); ++i) {
    bits.Set(i, rng.Bits(static_cast<uint64_t>(i)) & 1);
  }
  return UnpackFactors(bits, rows, dims);
}

BitVector PackFactors(const KroneckerFactors& factors) {
  BitVector packed(4 * factors.k1.size());
  int64_t at = 0;
  for (const Matrix* matrix : {&factors.k1, &factors.k2, &factors.v1, &factors.v2}) {
    for (int64_t i = 0; i < matrix->size(); ++i) packed.Set(at++, matrix->data()[i] > 0);
  }
  return packed;
}

KroneckerFactors UnpackFactors(const BitVector& packed, int64_t rows, int64_t dims) {
  int64_t at = 0;
  const auto unpack = [&](float zero) {
    Matrix matrix(rows, dims);
    for (int64_t i = 0; i < matrix.size(); ++i) {
      matrix.data()[i] = packed.Get(at++) ? 1.0F : zero;
    }
    return matrix;
  };
  KroneckerFactors factors;
  factors.k1 = unpack(-1);
  factors.k2 = unpack(-1);
  factors.v1 = unpack(0);
  factors.v2 = unpack(0);
  return factors;
}

Matrix KroneckerProduct(const Matrix& first, const Matrix& second) {
  const int64_t rows = first.rows();
  Matrix product(rows * rows, first.cols());
  for (int64_t a = 0; a < rows; ++a) {
    product.middleRows(a * rows, rows) = second.array().rowwise() * first.row(a).array();
  }
  return product;
}

Matrix AttendFourCaches(const Matrix& queries, const KroneckerFactors& factors) {
  Matrix out(queries.rows(), queries.cols());
  TensorAttention(
      queries, [&](TensorBlockVisitor visit) { visit(factors.block()); }, 0, out);
  return out;
}

Matrix AttendTwoCaches(const Matrix& queries, const Matrix& keys, const Matrix& values) {
  Matrix out(queries.rows(), queries.cols());
  SoftmaxAttention(
      queries,
      [&](BlockVisitor visit) {
        visit({ViewOf(keys), ViewOf(values), nullptr, /*lasting=*/true});
      },
      0, out);
  return out;
}

}  // namespace kvwire
