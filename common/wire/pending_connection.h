#ifndef KVWIRE_COMMON_WIRE_PENDING_CONNECTION_H_
#define KVWIRE_COMMON_WIRE_PENDING_CONNECTION_H_

// A measured connection that is made while its owner does something else.

#include <atomic>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "common/wire/cancellation.h"
#include "common/wire/channels.h"

namespace kvwire {

// Not thread-safe.
class PendingConnection {
 public:
  // Begins ConnectMeasured (channels.h) with these arguments. `run` must outlive it.
  PendingConnection(Endpoint endpoint, absl::Duration timeout, std::string what,
                    ChannelSecurity security, Cancellation& run);
  // Whoever leaves without the connection has given up: cancels `run`.
  ~PendingConnection();
  PendingConnection(const PendingConnection&) = delete;
  PendingConnection& operator=(const PendingConnection&) = delete;

  // Why there will be no connection, as soon as that is known; OK until then. Does not wait.
  absl::Status Failure() const;

  // Waits for the connection. Errors are those of ConnectMeasured. Call it once.
  absl::StatusOr<MeasuredChannel> Take();

 private:
  Cancellation& run_;
  absl::StatusOr<MeasuredChannel> result_;
  std::atomic<bool> done_ = false;  // result_ stands
  std::thread thread_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_PENDING_CONNECTION_H_
