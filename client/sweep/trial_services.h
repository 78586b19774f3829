#ifndef KVWIRE_CLIENT_SWEEP_TRIAL_SERVICES_H_
#define KVWIRE_CLIENT_SWEEP_TRIAL_SERVICES_H_

// The services that trials run over: given ones, or the command's own, which are started
// once and serve every trial.

#include <memory>

#include "absl/status/statusor.h"
#include "client/driver.h"
#include "client/run_result.h"
#include "client/services.h"
#include "client/sweep/result_columns.h"
#include "client/sweep/sweep_plan.h"

namespace kvwire {

class TrialServices {
 public:
  TrialServices(ServicesOptions options, bool allow_shared_algorithm);

  // Starts and connects, or connects. Errors as PrepareServices and Driver::Connect.
  absl::Status Start();

  // One run of the reduction, and its verdict. What an algorithm refuses, twice, is a result
  // too: once it may be that a service has just been started again and knows of no run. Of
  // given services RESOURCE_EXHAUSTED is none, for it may say that others use them. After any
  // other error of a service the next trial starts with new ones, or connects anew.
  absl::StatusOr<TrialRecord> Run(const PlannedTrial& trial);

 private:
  absl::StatusOr<RunResult> RunOnce(const Trial& trial);
  bool IsResult(const absl::Status& status) const;

  ServicesOptions options_;
  bool allow_shared_algorithm_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<Driver> driver_;  // null: to be started
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_TRIAL_SERVICES_H_
