#include "common/wire/pending_describe.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/parameters_conversion.h"
#include "common/wire/status_conversion.h"

namespace kvwire {

PendingDescribe::PendingDescribe(v1::AlgorithmService::Stub& stub, std::string name,
                                 Cancellation& cancellation)
    : name_(std::move(name)), call_(cancellation) {
  stub.async()->Describe(call_.context(), &request_, &response_, [this](grpc::Status status) {
    status_ = std::move(status);
    done_.Notify();
  });
}

PendingDescribe::~PendingDescribe() {
  if (!done_.HasBeenNotified()) call_.context()->TryCancel();
  done_.WaitForNotification();
}

absl::StatusOr<v1::DescribeResponse> PendingDescribe::All() {
  done_.WaitForNotification();
  KVWIRE_RETURN_IF_ERROR(FromPeer(status_, name_, call_.cancelled()));
  if (response_.protocol_version() == kProtocolVersion) return response_;
  return absl::FailedPreconditionError(
      absl::StrCat("the ", name_, " speaks protocol version ", response_.protocol_version(),
                   ", this service speaks version ", kProtocolVersion));
}

absl::StatusOr<uint64_t> PendingDescribe::ProcessId() {
  KVWIRE_ASSIGN_OR_RETURN(const v1::DescribeResponse description, All());
  return description.process_id();
}

}  // namespace kvwire
