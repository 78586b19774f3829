#include "client/sweep/sweep_progress.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/reduction/problem.h"

namespace kvwire {
namespace {

constexpr absl::Duration kBetweenDrawings = absl::Milliseconds(100);
constexpr absl::Duration kBetweenLines = absl::Seconds(10);
constexpr const char* kEraseLine = "\r\x1b[K";

std::string Bar(double share) {
  constexpr int kWidth = 20;
  const int full = static_cast<int>(share * kWidth);
  return absl::StrCat("[", std::string(full, '#'), std::string(kWidth - full, '-'), "]");
}

// L; 0 of a trial that is none.
double TokensOf(const Trial& trial) {
  if (!trial.scales.empty()) {
    const absl::StatusOr<Scales> scales = Scales::Parse(trial.scales);
    return scales.ok() ? static_cast<double>(scales->tokens()) : 0;
  }
  const absl::StatusOr<Problem> problem = ParseProblem(trial.problem);
  if (!problem.ok()) return 0;
  const absl::StatusOr<ProblemShape> shape = ProblemShape::OfSize(*problem, trial.n);
  return shape.ok() ? static_cast<double>(shape->tokens()) : 0;
}

}  // namespace

double TrialWeight(const Trial& trial) {
  constexpr double kEveryRun = 1 << 24;
  const double tokens = TokensOf(trial);
  return kEveryRun + tokens * tokens * static_cast<double>(trial.dims);
}

std::string ClockText(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1)));
  const int64_t hours = seconds / 3600;
  const int64_t minutes = seconds / 60 % 60;
  return hours > 0 ? absl::StrFormat("%d:%02d:%02d", hours, minutes, seconds % 60)
                   : absl::StrFormat("%d:%02d", minutes, seconds % 60);
}

SweepProgress::SweepProgress(std::ostream& out, bool terminal, std::function<absl::Time()> now)
    : out_(out), terminal_(terminal), now_(std::move(now)) {}

void SweepProgress::Begin(const TrialCounts& counts,
                          const std::vector<const PlannedTrial*>& to_run) {
  begin_ = drawn_ = now_();
  done_before_ = counts.done();
  weight_ = weight_done_ = 0;
  for (const PlannedTrial* trial : to_run) weight_ += TrialWeight(trial->trial);
  if (terminal_) Draw(counts);
}

void SweepProgress::Advance(const TrialCounts& counts, const PlannedTrial& trial) {
  weight_done_ += TrialWeight(trial.trial);
  if (now_() - drawn_ >= (terminal_ ? kBetweenDrawings : kBetweenLines)) Draw(counts);
}

void SweepProgress::End(const TrialCounts& counts) {
  if (terminal_) {
    Draw(counts);
    out_ << std::endl;
  }
}

void SweepProgress::Say(const std::string& line) {
  out_ << (terminal_ ? kEraseLine : "") << line << std::endl;
}

void SweepProgress::Draw(const TrialCounts& counts) {
  drawn_ = now_();
  if (terminal_) {
    out_ << kEraseLine << Line(counts) << std::flush;
  } else {
    out_ << Line(counts) << std::endl;
  }
}

std::string SweepProgress::Line(const TrialCounts& counts) const {
  const int64_t tried = counts.done() + counts.broken;
  const double share = counts.planned == 0
                           ? 1
                           : static_cast<double>(tried) / static_cast<double>(counts.planned);
  std::string line = terminal_ ? Bar(share) + " " : "";
  absl::StrAppendFormat(&line, "%3.0f %%  %d/%d", 100 * share, tried, counts.planned);
  const double seconds = absl::ToDoubleSeconds(now_() - begin_);
  if (weight_done_ > 0 && seconds > 0) {
    const auto tried_now = static_cast<double>(tried - done_before_);
    const double left = seconds * std::max(0.0, weight_ - weight_done_) / weight_done_;
    absl::StrAppendFormat(&line, "  %.3g/s  %s left", tried_now / seconds,
                          ClockText(absl::Seconds(left)));
  }
  if (counts.failed > 0) absl::StrAppend(&line, "  ", counts.failed, " failed");
  if (counts.refused > 0) absl::StrAppend(&line, "  ", counts.refused, " refused");
  if (counts.broken > 0) absl::StrAppend(&line, "  ", counts.broken, " broken");
  return line;
}

}  // namespace kvwire
