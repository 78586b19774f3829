#ifndef KVWIRE_CLIENT_SERVICE_PROCESS_H_
#define KVWIRE_CLIENT_SERVICE_PROCESS_H_

// Services of the CLI's own: child processes that end with it, whatever happens.

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/wire/endpoint.h"

namespace kvwire {

class ServiceProcess {
 public:
  // Starts `program`, which stands beside this executable, with `arguments`; the
  // kernel ends it when the calling thread ends. Call before gRPC is first used:
  // it does not fork well. Returns UNKNOWN if it cannot be started.
  static absl::StatusOr<ServiceProcess> Start(const std::string& program,
                                              const std::vector<std::string>& arguments);
  ServiceProcess(ServiceProcess&& other) noexcept;
  ServiceProcess& operator=(ServiceProcess&& other) noexcept;
  // Ends the process: SIGTERM, and SIGKILL if that does not do within a second.
  ~ServiceProcess();

  pid_t pid() const { return pid_; }

  // The endpoint that the service prints as "listening HOST:PORT". Returns UNKNOWN
  // if it ended instead, or said nothing within `limit`.
  absl::StatusOr<Endpoint> WaitListening(absl::Duration limit);

 private:
  ServiceProcess(std::string program, pid_t pid, int output)
      : program_(std::move(program)), pid_(pid), output_(output) {}

  std::string program_;
  pid_t pid_ = -1;
  int output_ = -1;
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SERVICE_PROCESS_H_
