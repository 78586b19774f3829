#ifndef KVWIRE_SERVER_CALLS_PEER_QUOTA_H_
#define KVWIRE_SERVER_CALLS_PEER_QUOTA_H_

// How much of something one caller may have at a time, so that it leaves some to others.

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"

namespace kvwire {

// Thread-safe.
class PeerQuota {
 public:
  // `flag` is what raises the quota, `what` what it is of: "runs".
  PeerQuota(int most, std::string flag, std::string what)
      : most_(most), flag_(std::move(flag)), what_(std::move(what)) {}
  PeerQuota(const PeerQuota&) = delete;

  // One more of them, until the last copy goes away, which must be before the quota does.
  using Ticket = std::shared_ptr<const void>;

  // Returns RESOURCE_EXHAUSTED, saying what to do, if the peer has `most` of them.
  absl::StatusOr<Ticket> Enter(const std::string& peer);

 private:
  void Leave(const std::string& peer);

  const int most_;
  const std::string flag_;
  const std::string what_;
  std::mutex mutex_;
  std::map<std::string, int> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_CALLS_PEER_QUOTA_H_
