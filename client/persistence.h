#ifndef KVWIRE_CLIENT_PERSISTENCE_H_
#define KVWIRE_CLIENT_PERSISTENCE_H_

// When a step of a run that failed is made again. A process may have been killed: one of the
// command's own is started again, one of somebody else's is waited for.

#include <cstdint>
#include <random>

#include "absl/status/status.h"
#include "client/services.h"

namespace kvwire {

class Persistence {
 public:
  // Failures in a row, nothing having been won between them, after which it is given up.
  static constexpr int kMostFailures = 16;

  explicit Persistence(Services& services) : services_(services) {}

  // Whether the step may be made again after `failure`. Not if that will not pass; nor if,
  // nothing of our own having ended, it has lasted for longer than the services' timeout;
  // nor after kMostFailures with the same `progress`, which is any number that grows as the
  // run gets on. Restarts what has ended, and waits a moment before it says so.
  bool Again(const absl::Status& failure, int64_t progress);

 private:
  Services& services_;
  std::random_device random_;
  int failures_ = 0;
  int64_t progress_ = 0;
  int64_t failing_since_ns_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_PERSISTENCE_H_
