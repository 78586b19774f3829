#include "common/attention/key_frame.h"

#include <array>
#include <cassert>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/counter_rng.h"
#include "common/base/status_macros.h"
#include "common/base/wide_loop.h"

namespace kvwire {
namespace {

constexpr std::array<std::pair<KeyFrameKind, std::string_view>, 4> kNames = {{
    {KeyFrameKind::kUnit, "unit"},
    {KeyFrameKind::kGaussian, "gaussian"},
    {KeyFrameKind::kCode, "code"},
    {KeyFrameKind::kPacked, "packed"},
}};

// The bytes "unitkeys" and "gausskey". To change one is to change every frame of
// its kind.
constexpr uint64_t kUnitStream = 0x7379656b74696e75;
constexpr uint64_t kGaussianStream = 0x79656b7373756167;

// The sum runs in index order: no library routine promises an order.
double SquaredNorm(const std::vector<double>& entries) {
  double sum = 0;
  for (const double x : entries) sum += x * x;
  return sum;
}

// Writes `size`, negated where it is to be negative, to `row`.
void FillSigned(absl::Span<const uint8_t> negative, float size, float* row) {
  RunWide(
      [](const uint8_t* signs, size_t count, float positive, float* out) KVWIRE_WIDE {
        for (size_t j = 0; j < count; ++j) out[j] = signs[j] != 0 ? -positive : positive;
      },
      negative.data(), negative.size(), size, row);
}

}  // namespace

std::string_view KeyFrameName(KeyFrameKind kind) {
  for (const auto& [candidate, name] : kNames) {
    if (candidate == kind) return name;
  }
  return "";
}

absl::StatusOr<KeyFrameKind> ParseKeyFrame(std::string_view name) {
  std::string names;
  for (const auto& [kind, candidate] : kNames) {
    if (candidate == name) return kind;
    if (!names.empty()) names += ", ";
    names += candidate;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no key frame is called '", std::string(name), "'; there are: ", names));
}

absl::StatusOr<KeyFrame> KeyFrame::Create(KeyFrameKind kind, uint64_t seed, int64_t rows,
                                          int64_t dims) {
  if (rows < 1 || dims < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("a key frame needs at least one row and one dimension, not ", rows,
                     " rows in ", dims, " dimensions"));
  }
  KeyFrame frame(kind, seed, rows, dims);
  if (kind == KeyFrameKind::kCode) {
    KVWIRE_ASSIGN_OR_RETURN(frame.code_, BinaryCode::Create(dims, rows));
  }
  if (kind == KeyFrameKind::kPacked) {
    KVWIRE_ASSIGN_OR_RETURN(frame.packed_, SphericalCode::Share(seed, rows, dims));
  }
  return frame;
}

KeyFrame::KeyFrame(KeyFrameKind kind, uint64_t seed, int64_t rows, int64_t dims)
    : kind_(kind), seed_(seed), rows_(rows), dims_(dims) {}

void KeyFrame::Fill(int64_t first, Eigen::Ref<Matrix> out) const {
  assert(first >= 0 && first + out.rows() <= rows_ && out.cols() == dims_);
  const double d = static_cast<double>(dims_);
  if (packed_ != nullptr) {
    for (int64_t i = 0; i < out.rows(); ++i) {
      const SpherePoint& point = packed_->points()[static_cast<size_t>(first + i)];
      for (int64_t j = 0; j < dims_; ++j) out(i, j) = static_cast<float>(point[j]);
    }
    return;
  }
  if (code_.has_value()) {
    const float entry = static_cast<float>(1 / std::sqrt(d));
    code_->VisitWords(first, out.rows(),
                      [&](int64_t word, absl::Span<const uint8_t> negative) {
                        FillSigned(negative, entry, out.row(word - first).data());
                      });
    return;
  }
  const bool unit = kind_ == KeyFrameKind::kUnit;
  const CounterRng rng(seed_, unit ? kUnitStream : kGaussianStream);
  std::vector<double> entries(static_cast<size_t>(dims_));
  for (int64_t i = 0; i < out.rows(); ++i) {
    rng.FillNormal(static_cast<uint64_t>(first + i) * entries.size(), absl::MakeSpan(entries));
    const double scale = 1 / std::sqrt(unit ? SquaredNorm(entries) : d);
    for (int64_t j = 0; j < dims_; ++j) {
      out(i, j) = static_cast<float>(entries[static_cast<size_t>(j)] * scale);
    }
  }
}

}  // namespace kvwire
