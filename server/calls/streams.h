#ifndef KVWIRE_SERVER_CALLS_STREAMS_H_
#define KVWIRE_SERVER_CALLS_STREAMS_H_

// Adapters from gRPC's callback API to plain handlers: a stream costs no thread
// while it is idle, its messages are handled one at a time on a WorkPool, and the
// next one is not read before the last one is dealt with (which is what pushes
// back on a fast sender). Each reactor deletes itself when the call is over.

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "common/base/memory_account.h"
#include "common/base/status_macros.h"
#include "common/wire/bulk_message.h"
#include "common/wire/status_conversion.h"
#include "server/calls/peer_wait.h"
#include "server/calls/request_parsing.h"
#include "server/calls/work_pool.h"

namespace kvwire {

// Client streaming. Request is a message, or a grpc::ByteBuffer. Handler has
//   absl::Status Take(const Request&)  each request in order; an error ends the call
//   absl::Status End()                 the client sent its last request, or is gone
//   void Cancel()                      the client is gone; called from any thread
//   MemoryBudget& memory()             where messages are booked (request_parsing.h)
template <typename Request, typename Handler>
class StreamReader final : public grpc::ServerReadReactor<grpc::ByteBuffer> {
 public:
  StreamReader(grpc::CallbackServerContext& context, WorkPool& pool,
               std::unique_ptr<Handler> handler)
      : wait_(context), pool_(pool), handler_(std::move(handler)) {
    Read();
  }

  void OnReadDone(bool ok) override {
    wait_.End();
    turn_.load(std::memory_order_acquire);
    pool_.Post([this, ok] {
      const absl::Status status = ok ? Take() : handler_->End();
      request_.Clear();  // what was received need not wait for what comes next
      turn_.fetch_add(1, std::memory_order_release);
      if (ok && status.ok()) return Read();
      wait_.Begin();  // until the response is taken
      this->Finish(ToGrpc(status));
    });
  }
  void OnCancel() override { handler_->Cancel(); }
  void OnDone() override { delete this; }

 private:
  void Read() {
    wait_.Begin();
    this->StartRead(&request_);
  }

  absl::Status Take() {
    if constexpr (std::is_same_v<Request, grpc::ByteBuffer>) {
      return handler_->Take(request_);
    } else {
      MemoryAccount account(handler_->memory());
      Request request;
      KVWIRE_RETURN_IF_ERROR(ParseRequest(request_, request, account));
      request_.Clear();
      return handler_->Take(request);
    }
  }

  PeerWait wait_;
  WorkPool& pool_;
  std::unique_ptr<Handler> handler_;
  grpc::ByteBuffer request_;
  // Orders one turn of the handler before the next where ThreadSanitizer can see it;
  // gRPC does so too, but is not built with it.
  std::atomic<int> turn_ = 0;
};

// Bidirectional streaming, one response a request: a handler of AcknowledgedReader around one
// that has
//   absl::Status Take(const Request&, Response&)
//   MemoryBudget& memory()  where requests are booked
template <typename Request, typename Response, typename Handler>
class EachAnswered {
 public:
  explicit EachAnswered(Handler handler) : handler_(std::move(handler)) {}

  absl::Status Take(grpc::ByteBuffer& bytes, grpc::ByteBuffer& answer) {
    MemoryAccount account(handler_.memory());
    Request request;
    KVWIRE_RETURN_IF_ERROR(ParseRequest(bytes, request, account));
    bytes.Clear();
    Response response;
    KVWIRE_RETURN_IF_ERROR(handler_.Take(request, response));
    answer = JoinMessage(response);
    return absl::OkStatus();
  }
  absl::Status End(grpc::ByteBuffer& /*answer*/) { return absl::OkStatus(); }

 private:
  Handler handler_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_CALLS_STREAMS_H_
