#include "common/wire/pending_describe.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/bulk_calls.h"
#include "common/wire/parameters_conversion.h"
#include "common/wire/status_conversion.h"

namespace kvwire {

PendingDescribe::PendingDescribe(std::shared_ptr<grpc::Channel> channel, std::string name,
                                 Cancellation& cancellation)
    : name_(std::move(name)),
      call_(cancellation),
      stub_(std::move(channel)),
      request_(JoinMessage(v1::DescribeRequest())) {
  // As a buffer: a callback of a generated class takes one that does not parse for an answer.
  stub_.UnaryCall(call_.context(),
                  MethodPath(v1::AlgorithmService::service_full_name(), "Describe"), {},
                  &request_, &response_, [this](grpc::Status status) {
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
  v1::DescribeResponse response;
  KVWIRE_RETURN_IF_ERROR(TakeResponse(response_, name_, response));
  if (response.protocol_version() == kProtocolVersion) return response;
  return absl::FailedPreconditionError(
      absl::StrCat("the ", name_, " speaks protocol version ", response.protocol_version(),
                   ", this service speaks version ", kProtocolVersion));
}

absl::StatusOr<uint64_t> PendingDescribe::ProcessId() {
  KVWIRE_ASSIGN_OR_RETURN(const v1::DescribeResponse description, All());
  return description.process_id();
}

}  // namespace kvwire
