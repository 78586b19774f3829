#include "common/kv/algorithms/orthonormal_rows.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/base/ordered_dot.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

constexpr int64_t kMostProducts = int64_t{1} << 33;

}  // namespace

absl::Status CheckOrthonormalRows(int64_t count, int64_t dims) {
  const int64_t group = std::min(count, dims);
  if (SaturatingProduct(SaturatingProduct(count, group), dims) <= kMostProducts) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      count, " orthonormal rows of ", dims, " numbers take more than 2^33 products to make"));
}

std::vector<double> OrthonormalRows(const CounterRng& rng, uint64_t first, int64_t count,
                                    int64_t dims) {
  const auto width = static_cast<size_t>(dims);
  std::vector<double> rows(static_cast<size_t>(count) * width);
  rng.FillNormal(first, absl::MakeSpan(rows));
  for (size_t done = 0; done < rows.size(); done += width) {
    const absl::Span<double> unit(rows.data() + done, width);
    const double norm = OrderedNorm<double>(unit);
    for (double& number : unit) number /= norm;
    for (size_t next = done + width; next < rows.size(); next += width) {
      const absl::Span<double> row(rows.data() + next, width);
      const double along = OrderedDot<double, double>(unit, row);
      for (size_t j = 0; j < width; ++j) row[j] -= along * unit[j];
    }
  }
  return rows;
}

}  // namespace kvwire
