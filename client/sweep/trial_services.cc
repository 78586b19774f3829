#include "client/sweep/trial_services.h"

#include <optional>
#include <utility>

#include "client/refusal.h"
#include "client/sweep/trial_record.h"
#include "client/sweep/trial_request.h"
#include "client/verdict.h"
#include "common/base/status_macros.h"

namespace kvwire {

TrialServices::TrialServices(ServicesOptions options, bool allow_shared_algorithm)
    : options_(std::move(options)), allow_shared_algorithm_(allow_shared_algorithm) {}

absl::Status TrialServices::Start() {
  driver_.reset();
  services_.reset();
  KVWIRE_ASSIGN_OR_RETURN(Services services, PrepareServices(options_));
  services_ = std::make_unique<Services>(std::move(services));
  auto driver = std::make_unique<Driver>(*services_);
  KVWIRE_RETURN_IF_ERROR(driver->Connect());
  driver_ = std::move(driver);
  return absl::OkStatus();
}

bool TrialServices::IsResult(const absl::Status& status) const {
  const bool given = !options_.alice.empty();
  return IsRefusal(status) && !(given && absl::IsResourceExhausted(status));
}

absl::StatusOr<RunResult> TrialServices::RunOnce(const Trial& trial) {
  if (driver_ == nullptr) KVWIRE_RETURN_IF_ERROR(Start());
  KVWIRE_ASSIGN_OR_RETURN(const RunRequest request,
                          MakeRunRequest(RunOptionsOf(trial, options_), std::nullopt));
  return driver_->Run(request);
}

absl::StatusOr<TrialRecord> TrialServices::Run(const PlannedTrial& trial) {
  absl::StatusOr<RunResult> result = RunOnce(trial.trial);
  if (IsResult(result.status())) {
    const absl::Status refusal = result.status();
    result = RunOnce(trial.trial);
    if (result.status().code() == refusal.code()) return RefusalOf(trial, refusal);
  }
  if (!result.ok()) {
    driver_.reset();
    return result.status();
  }
  return RecordOf(trial, *result,
                  Judge(*result, {.allow_shared_algorithm = allow_shared_algorithm_}));
}

}  // namespace kvwire
