#ifndef KVWIRE_CLIENT_SWEEP_TRIAL_REQUEST_H_
#define KVWIRE_CLIENT_SWEEP_TRIAL_REQUEST_H_

// From a trial to the run of the reduction that it stands for.

#include "absl/status/statusor.h"
#include "client/run_options.h"
#include "client/sweep/trial.h"

namespace kvwire {

// The trial in its one spelling: scales and n both, the algorithm's template expanded for
// L tokens and written as its server writes it, the question that is asked if none is said.
// `foreign`: the algorithms are of another server than the built-in one, whose names and
// options are its own affair. Returns INVALID_ARGUMENT or OUT_OF_RANGE on what `kvwire run`
// would refuse for its flags; sharpness is checked, but not solved.
absl::StatusOr<Trial> ResolveTrial(const Trial& trial, bool foreign);

// The flags of `kvwire run` for this trial, with services as in `services`.
RunOptions RunOptionsOf(const Trial& trial, const ServicesOptions& services);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_TRIAL_REQUEST_H_
