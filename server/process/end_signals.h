#ifndef KVWIRE_SERVER_PROCESS_END_SIGNALS_H_
#define KVWIRE_SERVER_PROCESS_END_SIGNALS_H_

#include <csignal>

namespace kvwire {

// The signals that end a service: blocked in all its threads, and waited for in one.
inline sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace kvwire

#endif  // KVWIRE_SERVER_PROCESS_END_SIGNALS_H_
