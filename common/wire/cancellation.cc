#include "common/wire/cancellation.h"

namespace kvwire {

void Cancellation::Cancel() {
  const absl::MutexLock lock(&mutex_);
  cancelled_ = true;
  for (grpc::ClientContext* call : calls_) call->TryCancel();
}

bool Cancellation::cancelled() const {
  const absl::MutexLock lock(&mutex_);
  return cancelled_;
}

CancellableCall::CancellableCall(Cancellation& cancellation) : cancellation_(cancellation) {
  const absl::MutexLock lock(&cancellation_.mutex_);
  cancellation_.calls_.insert(&context_);
  if (cancellation_.cancelled_) context_.TryCancel();
}

CancellableCall::~CancellableCall() {
  const absl::MutexLock lock(&cancellation_.mutex_);
  cancellation_.calls_.erase(&context_);
}

}  // namespace kvwire
