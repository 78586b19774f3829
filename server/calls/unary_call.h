#ifndef KVWIRE_SERVER_CALLS_UNARY_CALL_H_
#define KVWIRE_SERVER_CALLS_UNARY_CALL_H_

// As streams.h, for calls of one request and one response.

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
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

// Parses the request and runs `handle` on the pool and finishes the call with its status.
// Deletes itself when the call is over.
template <typename Request, typename Response>
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  using Handle = std::function<absl::Status(const Request&, Response&)>;

  // The request is booked with `memory` (request_parsing.h). `cancel` is called, from any
  // thread, if the client goes away.
  UnaryCall(
      grpc::CallbackServerContext& context, WorkPool& pool, MemoryBudget& memory,
      const grpc::ByteBuffer* request, grpc::ByteBuffer* response, Handle handle,
      std::function<void()> cancel = [] {})
      : wait_(context),
        memory_(memory),
        request_(TakeBytes(request)),
        response_(*response),
        cancel_(std::move(cancel)) {
    pool.Post([this, handle = std::move(handle)] {
      const absl::Status status = Run(handle);
      wait_.Begin();  // until the response is taken
      this->Finish(ToGrpc(status));
    });
  }

  void OnCancel() override { cancel_(); }
  void OnDone() override { delete this; }

 private:
  absl::Status Run(const Handle& handle) {
    MemoryAccount account(memory_);
    Request request;
    KVWIRE_RETURN_IF_ERROR(ParseRequest(request_, request, account));
    request_.Clear();
    Response response;
    KVWIRE_RETURN_IF_ERROR(handle(request, response));
    response_ = JoinMessage(response);
    return absl::OkStatus();
  }

  PeerWait wait_;
  MemoryBudget& memory_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer& response_;
  std::function<void()> cancel_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_CALLS_UNARY_CALL_H_
