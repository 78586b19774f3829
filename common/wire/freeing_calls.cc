#include "common/wire/freeing_calls.h"

#include <grpcpp/client_context.h>

#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/wire/bulk_message.h"

namespace kvwire {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);

struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
};

}  // namespace

FreeingCalls::FreeingCalls(std::shared_ptr<grpc::Channel> channel)
    : stub_(std::move(channel)) {}

FreeingCalls::~FreeingCalls() { Wait(); }

void FreeingCalls::Begin(const std::string& method,
                         const google::protobuf::MessageLite& request) {
  auto call = std::make_shared<Call>();
  call->context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  call->request = JoinMessage(request);
  int64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    under_way_.insert(number = ++last_);
  }
  stub_.UnaryCall(&call->context, method, {}, &call->request, &call->response,
                  [this, call, number](const grpc::Status& /*status*/) { End(number); });
}

void FreeingCalls::End(int64_t call) {
  const std::lock_guard lock(mutex_);
  under_way_.erase(call);
  // Under the lock: whoever waits may be about to end this.
  ended_.notify_all();
}

void FreeingCalls::Wait() {
  std::unique_lock lock(mutex_);
  const int64_t last = last_;
  ended_.wait(lock, [&] { return under_way_.empty() || *under_way_.begin() > last; });
}

}  // namespace kvwire
