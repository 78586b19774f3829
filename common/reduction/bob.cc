#include "common/reduction/bob.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/attention/interference.h"

namespace kvwire {

absl::StatusOr<std::vector<int64_t>> RowsOfPositions(absl::Span<const int64_t> positions,
                                                     int64_t payload_bits, int64_t dims) {
  std::vector<int64_t> rows;
  rows.reserve(positions.size());
  for (const int64_t position : positions) {
    if (position < 0 || position >= payload_bits) {
      return absl::OutOfRangeError(absl::StrCat("bob: position ", position,
                                                " is not among the ", payload_bits,
                                                " bits of the payload"));
    }
    rows.push_back(position / dims);
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

std::vector<std::vector<int64_t>> SplitIntoReplays(absl::Span<const int64_t> rows,
                                                   int64_t queries) {
  std::vector<std::vector<int64_t>> replays;
  while (!rows.empty()) {
    const auto group = rows.first(std::min(rows.size(), static_cast<size_t>(queries)));
    replays.emplace_back(group.begin(), group.end());
    rows.remove_prefix(group.size());
  }
  return replays;
}

Matrix QueryRows(const KeyFrame& frame, double sharpness, absl::Span<const int64_t> rows) {
  Matrix queries(static_cast<int64_t>(rows.size()), frame.dims());
  for (size_t index = 0; index < rows.size(); ++index) {
    frame.Fill(rows[index], queries.middleRows(static_cast<int64_t>(index), 1));
  }
  queries *= static_cast<float>(sharpness);
  return queries;
}

Thresholds Thresholds::HalfMass(const KeyFrame& frame, double sharpness,
                                absl::Span<const int64_t> rows, int64_t zero_rows) {
  Thresholds thresholds;
  thresholds.taus_.reserve(rows.size());
  for (const RowMass& row : MeasureRows(frame, sharpness, rows)) {
    const double real = 1 + row.interference;
    const double zeros = static_cast<double>(zero_rows) * std::exp(-row.self_score);
    thresholds.taus_.push_back(real / (2 * (real + zeros)));
  }
  return thresholds;
}

void DecodeRows(const Eigen::Ref<const Matrix>& outputs, const Thresholds& thresholds,
                int64_t first, BitVector& out) {
  int64_t position = first * outputs.cols();
  for (int64_t row = 0; row < outputs.rows(); ++row) {
    const double tau = thresholds.at(row);
    for (int64_t column = 0; column < outputs.cols(); ++column) {
      out.Set(position++, outputs(row, column) > tau);
    }
  }
}

}  // namespace kvwire
