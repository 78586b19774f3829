// Runs that go on where a connection broke or a process ended.

#include "absl/time/clock.h"
#include "client/driver.h"
#include "client/persistence.h"
#include "common/base/status_macros.h"
#include "common/wire/bulk_calls.h"

namespace kvwire {

absl::Status Driver::Persist(uint64_t run_id,
                             absl::FunctionRef<absl::Status(bool resume)> deliver,
                             absl::FunctionRef<absl::Status()> ask) {
  closing_.Wait();  // else Bob might hold a run more than he may
  Persistence persistence(services_);
  bool delivered = false;
  for (bool resume = false;; resume = true) {
    absl::Status status;
    if (!delivered) status = deliver(resume);
    delivered = status.ok();
    if (status.ok()) status = ask();
    if (status.ok() || !persistence.Again(status, HeldBytes(run_id))) return status;
    KVWIRE_RETURN_IF_ERROR(Connect());
    // A Bob who kept nothing may have been started again.
    delivered = delivered && IsSealed(run_id);
  }
}

int64_t Driver::HeldBytes(uint64_t run_id) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(1)));
  v1::GetLedgerRequest request;
  request.set_run_id(run_id);
  v1::GetLedgerResponse response;
  return bob_->GetLedger(&context, request, &response).ok()
             ? response.ledger().snapshot_bytes()
             : 0;
}

bool Driver::IsSealed(uint64_t run_id) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + services_.timeout));
  v1::GetLedgerRequest request;
  request.set_run_id(run_id);
  v1::GetLedgerResponse response;
  return bob_->GetLedger(&context, request, &response).ok() &&
         !response.snapshot_sha256().empty();
}

void Driver::CloseRun(uint64_t run_id) {
  v1::CloseRunRequest request;
  request.set_run_id(run_id);
  closing_.Begin(MethodPath(v1::BobService::service_full_name(), "CloseRun"), request);
}

}  // namespace kvwire
