#include "common/wire/pending_connection.h"

#include <utility>

namespace kvwire {

PendingConnection::PendingConnection(Endpoint endpoint, absl::Duration timeout,
                                     std::string what, ChannelSecurity security,
                                     Cancellation& run)
    : run_(run),
      thread_([this, endpoint = std::move(endpoint), timeout, what = std::move(what),
               security = std::move(security)] {
        result_ = ConnectMeasured(endpoint, timeout, what, security, &run_);
        done_ = true;
      }) {}

PendingConnection::~PendingConnection() {
  if (!thread_.joinable()) return;
  run_.Cancel();
  thread_.join();
}

absl::Status PendingConnection::Failure() const {
  return done_ ? result_.status() : absl::OkStatus();
}

absl::StatusOr<MeasuredChannel> PendingConnection::Take() {
  thread_.join();
  return std::move(result_);
}

}  // namespace kvwire
