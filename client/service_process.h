#ifndef KVWIRE_CLIENT_SERVICE_PROCESS_H_
#define KVWIRE_CLIENT_SERVICE_PROCESS_H_

// Services of the CLI's own: child processes that end with it, whatever happens.

#include <sys/types.h>

#include <map>
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
  // it does not fork well, though what the child does until it is another program is safe.
  // Returns UNKNOWN if it cannot be started.
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

  // Whether the process has not ended.
  bool Running();
  // Starts a process that has ended again, where it listened before: its ports are what
  // others know. After WaitListening, by the thread that called Start. Errors as there.
  absl::Status Restart(absl::Duration limit);

  // The endpoint printed after `label`, as WaitListening has seen it.
  Endpoint Printed(const std::string& label) const { return endpoints_.at(label); }

 private:
  ServiceProcess(std::string program, std::vector<std::string> arguments, pid_t pid,
                 int output)
      : program_(std::move(program)),
        arguments_(std::move(arguments)),
        pid_(pid),
        output_(output) {}

  std::string program_;
  std::vector<std::string> arguments_;
  pid_t pid_ = -1;  // -1: it has ended
  int output_ = -1;
  // What the service printed before its endpoints, and they.
  std::map<std::string, Endpoint> endpoints_;
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SERVICE_PROCESS_H_
