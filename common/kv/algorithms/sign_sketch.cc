#include "common/kv/algorithms/sign_sketch.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/counter_rng.h"
#include "common/base/ordered_dot.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/orthonormal_rows.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

// The bytes "qjl_rows".
constexpr uint64_t kStream = 0x73776f725f6c6a71;

constexpr int64_t kMostNumbers = int64_t{1} << 26;

void FillGaussian(const CounterRng& rng, Matrix& rows) {
  for (int64_t i = 0; i < rows.size(); ++i) {
    rows.data()[i] = static_cast<float>(rng.Normal(static_cast<uint64_t>(i)));
  }
}

void FillOrthogonal(const CounterRng& rng, Matrix& rows) {
  const int64_t width = rows.cols();
  const double radius = std::sqrt(static_cast<double>(width));
  for (int64_t first = 0; first < rows.rows(); first += width) {
    const int64_t count = std::min(width, rows.rows() - first);
    const std::vector<double> units =
        OrthonormalRows(rng, static_cast<uint64_t>(first * width), count, width);
    for (size_t i = 0; i < units.size(); ++i) {
      rows.data()[first * width + static_cast<int64_t>(i)] =
          static_cast<float>(radius * units[i]);
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<const SignSketch>> SignSketch::Create(bool orthogonal,
                                                                     uint64_t seed,
                                                                     int64_t count,
                                                                     int64_t width) {
  if (SaturatingProduct(count, width) > kMostNumbers) {
    return absl::InvalidArgumentError(absl::StrCat("a sketch by ", count, " rows of ", width,
                                                   " numbers is over 2^26 numbers"));
  }
  if (orthogonal) KVWIRE_RETURN_IF_ERROR(CheckOrthonormalRows(count, width));
  return std::unique_ptr<const SignSketch>(new SignSketch(orthogonal, seed, count, width));
}

SignSketch::SignSketch(bool orthogonal, uint64_t seed, int64_t count, int64_t width)
    : orthogonal_(orthogonal),
      seed_(seed),
      count_(count),
      width_(width),
      inverse_mean_(orthogonal ? 1 / MeanSphereCoordinate(width)
                               : std::sqrt(std::numbers::pi / 2)) {}

const Matrix& SignSketch::Rows() const {
  std::call_once(made_, [this] {
    rows_.resize(count_, width_);
    const CounterRng rng(seed_, kStream);
    if (orthogonal_) {
      FillOrthogonal(rng, rows_);
    } else {
      FillGaussian(rng, rows_);
    }
  });
  return rows_;
}

bool SignSketch::IsPositive(int64_t row, absl::Span<const float> vector) const {
  return OrderedDot(absl::Span<const float>(Rows().row(row).data(), vector.size()), vector) >
         0;
}

void SignSketch::TakeSigns(absl::Span<const float> vector, absl::Span<float> signs) const {
  for (size_t i = 0; i < signs.size(); ++i) {
    signs[i] = IsPositive(static_cast<int64_t>(i), vector) ? 1.0F : -1.0F;
  }
}

void SignSketch::TakeAllSigns(const Eigen::Ref<const Matrix>& vectors,
                              absl::Span<const double> lengths,
                              absl::Span<const int64_t> channels, int64_t count,
                              absl::Span<uint8_t> bits) const {
  std::call_once(filter_made_, [this] { filter_.emplace(Rows()); });
  filter_->Filter(vectors, lengths, channels, count, bits.data());
  uint8_t* const end = bits.data() + bits.size();
  const auto next_in_doubt = [end](uint8_t* from) {
    return static_cast<uint8_t*>(
        std::memchr(from, SignFilter::kInDoubt, static_cast<size_t>(end - from)));
  };
  for (uint8_t* bit = next_in_doubt(bits.data()); bit != nullptr; bit = next_in_doubt(bit)) {
    const int64_t place = bit - bits.data();
    const float* vector = vectors.row(place / count).data();
    *bit = IsPositive(place % count, {vector, static_cast<size_t>(width_)}) ? 1 : 0;
  }
}

void SignSketch::Decode(absl::Span<const float> signs, absl::Span<float> out) const {
  const Matrix& rows = Rows();
  std::fill(out.begin(), out.end(), 0.0F);
  for (size_t i = 0; i < signs.size(); ++i) {
    const float* row = rows.row(static_cast<int64_t>(i)).data();
    for (size_t j = 0; j < out.size(); ++j) out[j] += signs[i] * row[j];
  }
  const auto scale = static_cast<float>(inverse_mean_ / static_cast<double>(signs.size()));
  for (float& number : out) number *= scale;
}

// E|s_1| = sqrt(w) a(w) with a(w) = G(w/2) / (sqrt(pi) G((w+1)/2)), where a(1) = 1,
// a(2) = 2/pi and a(w + 2) = a(w) w / (w + 1).
double MeanSphereCoordinate(int64_t width) {
  double a = width % 2 == 1 ? 1 : 2 / std::numbers::pi;
  for (int64_t w = width % 2 == 1 ? 1 : 2; w < width; w += 2) {
    a *= static_cast<double>(w) / static_cast<double>(w + 1);
  }
  return std::sqrt(static_cast<double>(width)) * a;
}

}  // namespace kvwire
