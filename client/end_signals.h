#ifndef KVWIRE_CLIENT_END_SIGNALS_H_
#define KVWIRE_CLIENT_END_SIGNALS_H_

// SIGINT and SIGTERM end a command at once, whatever it does; services of its own end with it,
// because they asked the kernel to be ended when it is. What must not be left half done holds
// them off.

#include <csignal>
#include <mutex>

namespace kvwire {

// Before any thread is started.
sigset_t BlockEndSignals();

// From now on they end the process, with 128 and their number as its exit code.
void EndOnSignal(const sigset_t& signals);

// A signal that comes while one exists ends the process once it is gone. At most one a thread.
class HeldOffEnd {
 public:
  HeldOffEnd();

 private:
  std::lock_guard<std::mutex> lock_;
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_END_SIGNALS_H_
