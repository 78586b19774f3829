#include "client/conformance/test_tokens.h"

#include "common/base/counter_rng.h"
#include "common/base/matrix.h"
#include "common/wire/rows.h"

namespace kvwire::conformance {
namespace {

constexpr uint64_t kSeed = 20;

// What is drawn, each on streams of its own.
enum Drawn : uint64_t { kTokenQueries, kKeys, kValues, kQueries, kDrawnCount };

CounterRng RngOf(Drawn drawn, uint64_t variant) {
  return CounterRng(kSeed, variant * kDrawnCount + drawn);
}

// Rows first .. first + rows - 1 of an endless matrix of standard normal numbers.
Matrix NormalRows(const CounterRng& rng, int64_t first, int64_t rows, int64_t width) {
  Matrix matrix(rows, width);
  for (int64_t i = 0; i < matrix.size(); ++i) {
    matrix.data()[i] = static_cast<float>(rng.Normal(first * width + i));
  }
  return matrix;
}

// Bits of the left half, ones on the right of it.
Matrix BitRows(const CounterRng& rng, int64_t first, int64_t dims, float zero, Matrix ones) {
  for (int64_t i = 0; i < ones.rows(); ++i) {
    for (int64_t j = 0; j < dims; ++j) {
      if (rng.Bits((first + i) * dims + j) % 2 == 0) ones(i, j) = zero;
    }
  }
  return ones;
}

}  // namespace

TestTokens::TestTokens(const v1::CacheParameters& parameters, uint64_t variant)
    : variant_(variant),
      dims_(parameters.dims()),
      width_(parameters.attention() == v1::ATTENTION_KIND_TENSOR ? 2 * dims_ : dims_),
      signs_(parameters.encoding() == v1::VALUE_ENCODING_SIGNS) {
  if (parameters.frame() == v1::KEY_FRAME_KIND_UNSPECIFIED) return;
  const auto frame =
      KeyFrame::Create(KeyFrameKind::kUnit, static_cast<uint64_t>(parameters.seed()),
                       parameters.token_count(), dims_);
  if (frame.ok()) frame_ = *frame;
}

v1::IngestRequest TestTokens::Block(int64_t first, int64_t rows, bool closes_scale) const {
  Matrix keys = NormalRows(RngOf(kKeys, variant_), first, rows, width_);
  Matrix values = NormalRows(RngOf(kValues, variant_), first, rows, width_);
  if (frame_.has_value()) {
    Matrix factors(rows, dims_);
    frame_->Fill(first, factors);
    keys.setOnes();
    keys.leftCols(dims_) = factors;
    values = BitRows(RngOf(kValues, variant_), first, dims_, signs_ ? -1.0F : 0.0F,
                     Matrix::Ones(rows, width_));
  }
  v1::IngestRequest block;
  block.set_rows(rows);
  block.set_queries(
      RowsToBytes(NormalRows(RngOf(kTokenQueries, variant_), first, rows, dims_)));
  block.set_keys(RowsToBytes(keys));
  block.set_values(RowsToBytes(values));
  block.set_closes_scale(closes_scale);
  return block;
}

v1::AttendRequest TestTokens::Queries(int64_t rows, uint64_t variant) const {
  v1::AttendRequest request;
  request.set_rows(rows);
  request.set_queries(RowsToBytes(NormalRows(RngOf(kQueries, variant), 0, rows, dims_)));
  return request;
}

v1::AttendRequest TestTokens::QueryOf(int64_t token) const {
  constexpr size_t kFloatBytes = sizeof(float);
  v1::AttendRequest request;
  request.set_rows(1);
  request.set_queries(Block(token, 1).keys().substr(0, dims_ * kFloatBytes));
  return request;
}

}  // namespace kvwire::conformance
