#include "server/calls/peer_wait.h"

#include <atomic>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "absl/time/clock.h"
#include "server/calls/event_log.h"

namespace kvwire {
namespace {

constexpr int64_t kNotWaiting = std::numeric_limits<int64_t>::max();

std::atomic<int64_t> cut_off = 0;

}  // namespace

struct PeerWait::Call {
  // Held while the call is cancelled, so that it does not end meanwhile; recursive, for it
  // may end for that very reason and on that very thread.
  std::recursive_mutex mutex;
  grpc::ServerContextBase* context = nullptr;  // null once it has ended
  std::atomic<int64_t> since = kNotWaiting;    // in nanoseconds

  static std::mutex& calls_mutex() {
    static auto& mutex = *new std::mutex;
    return mutex;
  }
  // Those under way.
  static std::set<std::shared_ptr<Call>>& calls() {
    static auto& calls = *new std::set<std::shared_ptr<Call>>;
    return calls;
  }
};

PeerWait::PeerWait(grpc::ServerContextBase& context) : call_(std::make_shared<Call>()) {
  call_->context = &context;
  const std::lock_guard lock(Call::calls_mutex());
  Call::calls().insert(call_);
}

PeerWait::~PeerWait() {
  {
    const std::lock_guard ended(call_->mutex);
    call_->context = nullptr;
  }
  const std::lock_guard lock(Call::calls_mutex());
  Call::calls().erase(call_);
}

void PeerWait::Begin() { call_->since = absl::GetCurrentTimeNanos(); }
void PeerWait::End() { call_->since = kNotWaiting; }

void CutOffIdleCalls(absl::Duration patience) {
  std::vector<std::shared_ptr<PeerWait::Call>> idle;
  const int64_t oldest = absl::GetCurrentTimeNanos() - absl::ToInt64Nanoseconds(patience);
  {
    const std::lock_guard lock(PeerWait::Call::calls_mutex());
    for (const auto& call : PeerWait::Call::calls()) {
      if (call->since < oldest) idle.push_back(call);
    }
  }
  for (const auto& call : idle) {
    const std::lock_guard lock(call->mutex);
    if (call->context == nullptr || call->since >= oldest) continue;
    call->since = kNotWaiting;
    ++cut_off;
    LogEvent(LogLevel::kWarning, "idle", {{"peer", call->context->peer()}});
    call->context->TryCancel();
  }
}

int64_t CallsCutOff() { return cut_off; }

}  // namespace kvwire
