#include "common/wire/status_conversion.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace kvwire {

absl::Status FromGrpc(const grpc::Status& status) {
  absl::Status converted(static_cast<absl::StatusCode>(status.error_code()),
                         status.error_message());
  if (!status.error_details().empty()) {
    converted.SetPayload(kDetailsUrl, absl::Cord(status.error_details()));
  }
  return converted;
}

grpc::Status ToGrpc(const absl::Status& status) {
  constexpr size_t kLongestMessage = 1024;
  constexpr size_t kLongestDetails = 4096;
  const absl::Cord details = status.GetPayload(kDetailsUrl).value_or(absl::Cord());
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message().substr(0, kLongestMessage)),
                      details.size() > kLongestDetails ? "" : std::string(details));
}

absl::Status FromPeer(const grpc::Status& status, std::string_view peer, bool cancelled_here) {
  const bool not_taken =
      status.error_code() == grpc::StatusCode::UNIMPLEMENTED && status.error_message().empty();
  if (not_taken || (status.error_code() == grpc::StatusCode::CANCELLED && !cancelled_here)) {
    return absl::UnavailableError(absl::StrCat(
        std::string(peer), ": it has cut the call off, being about to end or having waited ",
        "too long; try again"));
  }
  return Annotate(FromGrpc(status), peer);
}

absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(),
                         absl::StrCat(std::string(context), ": ", status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    annotated.SetPayload(url, payload);
  });
  return annotated;
}

}  // namespace kvwire
