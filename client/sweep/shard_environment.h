#ifndef KVWIRE_CLIENT_SWEEP_SHARD_ENVIRONMENT_H_
#define KVWIRE_CLIENT_SWEEP_SHARD_ENVIRONMENT_H_

// The shard that a scheduler gave this process, from the variables that it sets:
//
//   Slurm, job array    SLURM_ARRAY_TASK_ID, _MIN, _MAX, _STEP and _COUNT
//   Slurm, srun         SLURM_PROCID, SLURM_NTASKS (if more than one, and no array)
//   Kubernetes          JOB_COMPLETION_INDEX; it does not say of how many
//   Open MPI            OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE
//   MPICH, Intel MPI    PMI_RANK, PMI_SIZE
//   AWS Batch           AWS_BATCH_JOB_ARRAY_INDEX, AWS_BATCH_JOB_ARRAY_SIZE
//   Grid Engine         SGE_TASK_ID, _FIRST, _LAST and _STEPSIZE
//   LSF                 LSB_JOBINDEX, LSB_JOBINDEX_END, LSB_JOBINDEX_STEP
//   PBS                 PBS_ARRAY_INDEX; it does not say of how many

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/sweep/shard.h"

namespace kvwire {

// A variable's value, or none if it is not set.
using Environment = std::function<std::optional<std::string>(const char*)>;

// Of this process.
Environment ProcessEnvironment();

struct FoundShard {
  Shard shard;
  std::string source;  // "--shard", the variable that says the index, or "" for 1/1
};

// `shard` ("3/16") if it is not empty; else the scheduler's, or all of the plan without one.
// With `count` the scheduler says only which: its index is then the one in an array from 0
// to count - 1. Returns INVALID_ARGUMENT where the variables do not say it beyond doubt: two
// schedulers of different opinion, an array with holes, a scheduler that does not know the
// count; the message says what to give instead.
absl::StatusOr<FoundShard> FindShard(const std::string& shard, std::optional<int64_t> count,
                                     const Environment& environment);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_SHARD_ENVIRONMENT_H_
