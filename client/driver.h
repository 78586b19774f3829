#ifndef KVWIRE_CLIENT_DRIVER_H_
#define KVWIRE_CLIENT_DRIVER_H_

// The driver of a run: gives Alice her masked bits, asks Bob once the message is
// sealed, unmasks his answers, and collects both ends' books. It alone sees both
// private inputs.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "client/question.h"
#include "client/run_result.h"
#include "client/secret_bits.h"
#include "client/services.h"
#include "common/base/bit_vector.h"
#include "common/reduction/parameters.h"
#include "common/wire/freeing_calls.h"
#include "kvwire/v1/alice.grpc.pb.h"
#include "kvwire/v1/bob.grpc.pb.h"

namespace kvwire {

struct RunRequest {
  PublicParameters parameters;
  BitVector payload;                     // L d bits, before masking
  std::optional<int64_t> payload_bytes;  // if the payload is a file, its length
  bool masked = true;
  SecretBits secret;  // where mask and random questions come from
  Question question;
  // Whether every position is read back too. Without it there is nothing to judge the
  // message by but what was asked.
  bool audit = true;
  bool all_queries = false;  // in the audit: all that a take-up may ask, or one a row
  int64_t memory_limit_bytes = 0;
  std::string save_snapshot;  // path; empty: do not save
};

class Driver {
 public:
  // Begins to connect to Alice and Bob. `services` must outlive the driver.
  explicit Driver(Services& services);

  // Waits until both are connected to, for the services' timeout at most. Returns
  // UNAVAILABLE naming the one that cannot be reached.
  absl::Status Connect();

  // One run from beginning to end; call Connect first. Where a connection breaks or a
  // process ends on the way the run goes on (see Persist). Errors are the services'.
  absl::StatusOr<RunResult> Run(const RunRequest& request);

  // For commands with calls of their own. After Connect.
  v1::AliceService::Stub& alice() { return *alice_; }
  v1::BobService::Stub& bob() { return *bob_; }
  const std::string& channel_endpoint() const { return channel_endpoint_; }
  absl::Duration timeout() const { return services_.timeout; }
  // Calls `deliver`, after which Bob is to hold the whole message, and then `ask`, until both
  // have succeeded: again after failures as Persistence has it, `deliver` with `resume` set,
  // and only as long as Bob does not hold the message. Returns the last failure.
  absl::Status Persist(uint64_t run_id, absl::FunctionRef<absl::Status(bool resume)> deliver,
                       absl::FunctionRef<absl::Status()> ask);
  // Bob's account of a run, once its connection is closed.
  absl::StatusOr<v1::GetLedgerResponse> BobsBooks(uint64_t run_id);
  // Lets Bob forget a run. He is asked at once, but not waited for until the next run begins,
  // or the driver ends.
  void CloseRun(uint64_t run_id);

 private:
  absl::Status Deliver(const RunRequest& request, const BitVector& masked, bool resume,
                       RunResult& result);
  absl::Status Examine(const RunRequest& request, const BitVector& mask, RunResult& result);
  absl::Status Speak(const RunRequest& request, const BitVector& masked, bool resume,
                     RunResult& result);
  // How much of the message Bob holds, as far as he can say; and whether it is whole.
  int64_t HeldBytes(uint64_t run_id);
  bool IsSealed(uint64_t run_id);
  // Asks for these positions, or for all, with his confidence in each, if `confidences`
  // is not null.
  absl::StatusOr<BitVector> Ask(const RunRequest& request,
                                const std::vector<int64_t>& positions,
                                std::string* confidences, RunResult& result);
  absl::Status AskAll(const RunRequest& request, const BitVector& mask, RunResult& result);
  absl::Status CollectBobsBooks(RunResult& result);
  absl::Status SaveSnapshot(const RunResult& result, const std::string& path);

  Services& services_;
  std::shared_ptr<grpc::Channel> alice_channel_;
  std::shared_ptr<grpc::Channel> bob_channel_;
  std::unique_ptr<v1::AliceService::Stub> alice_;
  std::unique_ptr<v1::BobService::Stub> bob_;
  std::string channel_endpoint_;
  FreeingCalls closing_;
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_DRIVER_H_
