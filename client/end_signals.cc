#include "client/end_signals.h"

#include <unistd.h>

#include <thread>

namespace kvwire {
namespace {

// Never destroyed: the thread that waits for a signal outlives main.
std::mutex& Ending() {
  static auto* const ending = new std::mutex;
  return *ending;
}

}  // namespace

sigset_t BlockEndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void EndOnSignal(const sigset_t& signals) {
  std::thread([signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    const std::lock_guard lock(Ending());
    _exit(128 + signal);
  }).detach();
}

HeldOffEnd::HeldOffEnd() : lock_(Ending()) {}

}  // namespace kvwire
