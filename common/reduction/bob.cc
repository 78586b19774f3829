#include "common/reduction/bob.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/attention/interference.h"
#include "common/base/counter_rng.h"
#include "common/base/status_macros.h"
#include "common/kv/score_scale.h"
#include "common/reduction/soft_floor.h"

namespace kvwire {
namespace {

constexpr uint64_t kEtaStream = 0x657461;  // "eta"

}  // namespace

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
                                                   int64_t rows_per_replay) {
  std::vector<std::vector<int64_t>> replays;
  while (!rows.empty()) {
    const auto group = rows.first(std::min(rows.size(), static_cast<size_t>(rows_per_replay)));
    replays.emplace_back(group.begin(), group.end());
    rows.remove_prefix(group.size());
  }
  return replays;
}

absl::StatusOr<double> QuerySharpness(const PublicParameters& parameters) {
  const absl::StatusOr<AlgorithmSpec> spec = AlgorithmSpec::Parse(parameters.algorithm);
  // A server of another make may name its algorithms as it likes.
  if (!spec.ok()) return parameters.sharpness;
  KVWIRE_ASSIGN_OR_RETURN(const double scale, ScoreScale(*spec, parameters.dims));
  return parameters.sharpness / scale;
}

Matrix QueryRows(const KeyFrame& frame, double sharpness, absl::Span<const int64_t> rows) {
  Matrix queries(static_cast<int64_t>(rows.size()), frame.dims());
  for (size_t index = 0; index < rows.size(); ++index) {
    frame.Fill(rows[index], queries.middleRows(static_cast<int64_t>(index), 1));
  }
  queries *= static_cast<float>(sharpness);
  return queries;
}

Thresholds Thresholds::Place(const KeyFrame& frame, double sharpness,
                             absl::Span<const int64_t> rows, double zero_weight,
                             const Decoding& decoding) {
  Thresholds thresholds;
  thresholds.taus_.reserve(rows.size());
  thresholds.ranges_.reserve(rows.size());
  const bool signs = decoding.encoding == ValueEncoding::kSigns;
  for (const RowMass& row : MeasureRows(frame, sharpness, rows)) {
    const double real = 1 + row.interference;
    const double all = real + zero_weight * std::exp(-row.self_score);
    const double middle = (1 + decoding.eta) * row.interference + (1 - decoding.eta);
    thresholds.taus_.push_back(signs ? 0 : middle / (2 * all));
    thresholds.ranges_.push_back((signs ? 2 : 1) * real / all);
  }
  return thresholds;
}

Thresholds Thresholds::Part(int64_t first, int64_t count) const {
  Thresholds part;
  part.taus_.assign(taus_.begin() + first, taus_.begin() + first + count);
  part.ranges_.assign(ranges_.begin() + first, ranges_.begin() + first + count);
  return part;
}

void PerturbOutputs(const Thresholds& thresholds, const Decoding& decoding, uint64_t seed,
                    absl::Span<const int64_t> rows, Matrix& outputs) {
  if (decoding.eta == 0) return;
  const CounterRng rng(seed, kEtaStream);
  for (int64_t row = 0; row < outputs.rows(); ++row) {
    const double tau = thresholds.tau(row);
    for (int64_t j = 0; j < outputs.cols(); ++j) {
      float& output = outputs(row, j);
      // Towards the threshold, which for a negative output is a smaller one too.
      double shift = (output > tau) == (output > 0) ? -1 : 1;
      if (decoding.eta_mode == EtaMode::kRandom) {
        const auto position = static_cast<uint64_t>(rows[row] * outputs.cols() + j);
        shift = 2 * rng.Uniform(position) - 1;
      }
      output = static_cast<float>(output * (1 + decoding.eta * shift));
    }
  }
}

void DecodeRows(const Eigen::Ref<const Matrix>& outputs, const Thresholds& thresholds,
                int64_t first, BitVector& out) {
  int64_t position = first * outputs.cols();
  for (int64_t row = 0; row < outputs.rows(); ++row) {
    const double tau = thresholds.tau(row);
    for (int64_t column = 0; column < outputs.cols(); ++column) {
      out.Set(position++, outputs(row, column) > tau);
    }
  }
}

void AppendConfidences(const Eigen::Ref<const Matrix>& outputs, const Thresholds& thresholds,
                       std::string& bins) {
  for (int64_t row = 0; row < outputs.rows(); ++row) {
    for (int64_t j = 0; j < outputs.cols(); ++j) {
      const double distance = std::abs(outputs(row, j) - thresholds.tau(row));
      bins.push_back(static_cast<char>(ConfidenceBin(distance / thresholds.range(row))));
    }
  }
}

}  // namespace kvwire
