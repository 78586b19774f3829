#include "common/wire/freeing_calls.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/wire/bulk_message.h"

namespace kvwire {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);

}  // namespace

FreeingCalls::FreeingCalls(std::shared_ptr<grpc::Channel> channel)
    : stub_(std::move(channel)) {}

FreeingCalls::~FreeingCalls() { Wait(); }

void FreeingCalls::Begin(const std::string& method,
                         const google::protobuf::MessageLite& request) {
  auto made = std::make_unique<Call>();
  Call& call = *made;
  call.context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  call.request = JoinMessage(request);
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(calls_, [](const auto& entry) { return entry.second->ended; });
    calls_[++last_] = std::move(made);
  }
  stub_.UnaryCall(&call.context, method, {}, &call.request, &call.response,
                  [this, &call](const grpc::Status& /*status*/) { End(call); });
}

void FreeingCalls::End(Call& call) {
  const std::lock_guard lock(mutex_);
  call.ended = true;
  // Under the lock: whoever waits may be about to end this.
  ended_.notify_all();
}

void FreeingCalls::Wait(const Cancellation* cancellation) {
  constexpr std::chrono::milliseconds kStep{50};  // how soon a cancellation is noticed
  std::unique_lock lock(mutex_);
  const auto all_ended = [this, last = last_] {
    return std::all_of(calls_.begin(), calls_.upper_bound(last),
                       [](const auto& entry) { return entry.second->ended; });
  };
  while (!ended_.wait_for(lock, kStep, all_ended)) {
    if (cancellation != nullptr && cancellation->cancelled()) return;
  }
}

}  // namespace kvwire
