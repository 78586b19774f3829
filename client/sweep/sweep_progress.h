#ifndef KVWIRE_CLIENT_SWEEP_SWEEP_PROGRESS_H_
#define KVWIRE_CLIENT_SWEEP_SWEEP_PROGRESS_H_

// How far a shard is: on a terminal one line that is drawn over,
//
//   [########------------]  41 %  82/200  12.3/s  0:09 left  1 failed
//
// elsewhere a plain line every ten seconds. The time left is that of the trials left, each
// weighed by its work, for the last sizes of a sweep take many times what its first ones do.

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/sweep/sweep_plan.h"
#include "client/sweep/trial_counts.h"

namespace kvwire {

class SweepProgress {
 public:
  // Writes to `out`, which must outlive it, by the time that `now` tells.
  SweepProgress(std::ostream& out, bool terminal, std::function<absl::Time()> now);

  // Before the first of these trials; and after each, with the counts as they are then.
  void Begin(const TrialCounts& counts, const std::vector<const PlannedTrial*>& to_run);
  void Advance(const TrialCounts& counts, const PlannedTrial& trial);
  void End(const TrialCounts& counts);

  // A line of its own.
  void Say(const std::string& line);

 private:
  std::string Line(const TrialCounts& counts) const;
  void Draw(const TrialCounts& counts);

  std::ostream& out_;
  bool terminal_;
  std::function<absl::Time()> now_;
  absl::Time begin_;
  absl::Time drawn_;
  int64_t done_before_ = 0;
  double weight_ = 0;  // of all trials to run, and of those that have
  double weight_done_ = 0;
};

// The work of a trial, in multiplications about: what every run takes, and L^2 d for the
// attention to each of the L rows.
double TrialWeight(const Trial& trial);

// "0:09", "1:02:03".
std::string ClockText(absl::Duration duration);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_SWEEP_PROGRESS_H_
