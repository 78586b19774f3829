#include "common/attention/interference.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/attention/frame_keys.h"
#include "common/attention/row_mass.h"
#include "common/base/matrix.h"
#include "common/base/parallel.h"

namespace kvwire {
namespace {

constexpr int64_t kMostSteps = static_cast<int64_t>(kLargestSharpness / kSharpnessStep);

double SharpnessOf(int64_t steps) { return static_cast<double>(steps) * kSharpnessStep; }

std::vector<double> MassesOf(const Matrix& keys, absl::Span<const double> self,
                             double sharpness, absl::Span<const int64_t> rows) {
  std::vector<double> result(rows.size());
  ParallelFor(MassRowBlocks(static_cast<int64_t>(rows.size())), [&](int64_t block) {
    const int64_t first = block * kMassRowBlock;
    const std::vector<double> masses =
        FastInterference(keys, self, sharpness, rows.subspan(first, kMassRowBlock));
    std::copy(masses.begin(), masses.end(), result.begin() + first);
  });
  return result;
}

// Raises the sharpness row by row to the least that quiets all rows seen so far.
// That is a maximum over rows, so the order in which threads bring rows is no matter.
//
// It needs W_i to fall as C grows. W_i below 1 means that all G_mi < G_ii, and then
// every term falls; a row that never gets below 1 has failed for good.
//
// Where there are many rows, some of them raise it most of the way. Then few of all are loud,
// which products that serve two rows each tell in less time.
class SharpnessSearch {
 public:
  SharpnessSearch(const Matrix& keys, double largest_mass)
      : keys_(keys),
        largest_mass_(largest_mass),
        self_(SelfProducts(keys)),
        largest_self_(*std::max_element(self_.begin(), self_.end())) {}

  void Raise() {
    RaiseForRow(0);
    const int64_t some = keys_.rows() < kManyRows ? keys_.rows() : kFirstRows;
    ParallelFor(MassRowBlocks(some), [&](int64_t block) {
      const int64_t first = block * kMassRowBlock;
      RaiseForBlock(first, std::min(kMassRowBlock, some - first));
    });
    if (!failed_ && some < keys_.rows()) RaiseForAll();
  }

  bool failed() const { return failed_; }
  double sharpness() const { return SharpnessOf(steps_); }

 private:
  static constexpr int64_t kFirstRows = 4 * kMassRowBlock;
  static constexpr int64_t kManyRows = 4 * kFirstRows;

  void RaiseForBlock(int64_t first, int64_t count) {
    if (failed_) return;
    std::vector<int64_t> rows(static_cast<size_t>(count));
    std::iota(rows.begin(), rows.end(), first);
    const double sharpness = SharpnessOf(steps_);
    const std::vector<double> fast = FastInterference(keys_, self_, sharpness, rows);
    for (int64_t i = 0; i < count; ++i) {
      if (!SurelyQuiet(fast[i], sharpness)) RaiseForRow(rows[i]);
    }
  }

  void RaiseForAll() {
    const double sharpness = SharpnessOf(steps_);
    const std::vector<double> fast = FastInterferenceOfAll(keys_, self_, sharpness);
    ParallelFor(keys_.rows(), [&](int64_t row) {
      if (!SurelyQuiet(fast[row], sharpness)) RaiseForRow(row);
    });
  }

  bool SurelyQuiet(double fast, double sharpness) const {
    return fast * FastInterferenceFactor(keys_.cols(), sharpness, largest_self_) <=
           largest_mass_;
  }

  void RaiseForRow(int64_t row) {
    if (failed_) return;
    const ExactRow exact(keys_, row);
    int64_t steps = steps_;
    if (QuietAt(exact, steps)) return;
    if (!QuietAt(exact, kMostSteps)) {
      failed_ = true;
      return;
    }
    const int64_t least = LeastQuietStep(exact, steps, kMostSteps);
    while (steps < least && !steps_.compare_exchange_weak(steps, least)) {
    }
  }

  bool QuietAt(const ExactRow& row, int64_t steps) const {
    return row.InterferenceAt(SharpnessOf(steps)) <= largest_mass_;
  }

  // Returns the least step in (loud, quiet] at which the row is quiet, where it is
  // known to be loud at the first and quiet at the second.
  int64_t LeastQuietStep(const ExactRow& row, int64_t loud, int64_t quiet) const {
    while (quiet - loud > 1) {
      const int64_t middle = loud + (quiet - loud) / 2;
      (QuietAt(row, middle) ? quiet : loud) = middle;
    }
    return quiet;
  }

  const Matrix& keys_;
  const double largest_mass_;
  const std::vector<double> self_;
  const double largest_self_;
  std::atomic<int64_t> steps_ = 1;
  std::atomic<bool> failed_ = false;
};

}  // namespace

std::vector<RowMass> MeasureRows(const KeyFrame& frame, double sharpness,
                                 absl::Span<const int64_t> rows) {
  const Matrix keys = AllKeys(frame);
  const std::vector<double> self = SelfProducts(keys);
  // All cost less than most of them, one by one.
  const bool all = 4 * rows.size() >= 3 * self.size();
  const std::vector<double> masses = all ? FastInterferenceOfAll(keys, self, sharpness)
                                         : MassesOf(keys, self, sharpness, rows);
  std::vector<RowMass> result(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<size_t>(rows[i]);
    result[i] = {.interference = masses[all ? row : i], .self_score = sharpness * self[row]};
  }
  return result;
}

absl::StatusOr<double> SolveSharpness(const KeyFrame& frame, double largest_mass) {
  if (!(largest_mass > 0 && largest_mass < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the largest mass must be above 0 and below 1, not ", largest_mass));
  }
  const Matrix keys = AllKeys(frame);
  SharpnessSearch search(keys, largest_mass);
  search.Raise();
  if (search.failed()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "no sharpness up to ", kLargestSharpness, " separates ", frame.rows(), " ",
        std::string(KeyFrameName(frame.kind())), " keys in ", frame.dims(),
        " dimensions: take more dimensions, fewer rows, or unit, code or packed keys"));
  }
  return search.sharpness();
}

}  // namespace kvwire
