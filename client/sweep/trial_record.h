#ifndef KVWIRE_CLIENT_SWEEP_TRIAL_RECORD_H_
#define KVWIRE_CLIENT_SWEEP_TRIAL_RECORD_H_

// What is kept of one run of the reduction.

#include "absl/status/status.h"
#include "client/run_result.h"
#include "client/sweep/result_columns.h"
#include "client/sweep/sweep_plan.h"
#include "client/verdict.h"

namespace kvwire {

// Of a run that came to its end.
TrialRecord RecordOf(const PlannedTrial& trial, const RunResult& result,
                     const Verdict& verdict);

// Of one that was refused, saying so.
TrialRecord RefusalOf(const PlannedTrial& trial, const absl::Status& refusal);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_TRIAL_RECORD_H_
