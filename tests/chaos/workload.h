#ifndef KVWIRE_TESTS_CHAOS_WORKLOAD_H_
#define KVWIRE_TESTS_CHAOS_WORKLOAD_H_

// Runs whose answers are known, made while faults strike, and a count of how they ended.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "client/driver.h"
#include "client/services.h"

namespace kvwire {

// How runs ended. Thread-safe.
class Tally {
 public:
  // Not as it should have: "lost" (no result), "wrong" (another result), "books" (the right
  // bits, and books that do not add up).
  void Bad(const std::string& how, const std::string& what);
  // In an error or a verdict that says what was done to it.
  void Refused(const std::string& why);
  void Exact(const RunResult& result);

  int64_t exact() const;
  int64_t bad() const;
  // A table, and the first few of what went wrong.
  std::string Text() const;

 private:
  mutable std::mutex mutex_;
  int64_t exact_ = 0;
  int64_t resumed_ = 0;
  int64_t broken_connections_ = 0;
  int64_t resent_bytes_ = 0;
  std::map<std::string, int64_t> bad_;
  std::map<std::string, int64_t> refused_;
  std::string first_;
};

// A run of random bits through `exact`, about 3 KiB of message at d = 16.
absl::StatusOr<RunRequest> SmallRun(int64_t dims);

// What strikes a run.
struct Strike {
  std::string name;
  // Bytes are changed on the way: an error, or a verdict that says so, is then as good as the
  // exact result.
  bool tampers = false;
  // The connection ends. Where that is behind the message it takes a few bytes of HTTP/2's own
  // with it, and the verdict says that the ends' counts differ.
  bool cuts = false;
};

// Makes one run and enters how it ended.
void MakeRun(Services& services, const RunRequest& request, const Strike& strike,
             Tally& tally);

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CHAOS_WORKLOAD_H_
