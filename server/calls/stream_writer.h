#ifndef KVWIRE_SERVER_CALLS_STREAM_WRITER_H_
#define KVWIRE_SERVER_CALLS_STREAM_WRITER_H_

// As streams.h, for server streaming.

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/memory_account.h"
#include "common/base/status_macros.h"
#include "common/wire/bulk_message.h"
#include "common/wire/status_conversion.h"
#include "server/calls/diverted_messages.h"
#include "server/calls/peer_wait.h"
#include "server/calls/request_parsing.h"
#include "server/calls/work_pool.h"

namespace kvwire {

// `produce` runs on the pool, with the request, and writes its responses one by one; a write
// returns when the transport has taken it, CANCELLED if the client is gone. A client that does
// not read keeps no thread for long: what it has not read after kPatience is diverted to a
// file and handed out from there, while `produce` goes on and ends. Deletes itself when the
// call is over. Response is a message, or a grpc::ByteBuffer.
template <typename Request, typename Response>
class StreamWriter final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  using Write = std::function<absl::Status(const Response&)>;
  using Produce = std::function<absl::Status(const Request&, const Write&)>;

  static constexpr std::chrono::seconds kPatience{1};

  // The request is booked with `memory` (request_parsing.h). `cancel` is called, from any
  // thread, if the client goes away.
  StreamWriter(
      grpc::CallbackServerContext& context, WorkPool& pool, MemoryBudget& memory,
      const grpc::ByteBuffer* request, Produce produce, std::function<void()> cancel = [] {})
      : wait_(context),
        pool_(pool),
        memory_(memory),
        request_(TakeBytes(request)),
        cancel_(std::move(cancel)) {
    pool_.Post([this, produce = std::move(produce)] {
      const absl::Status status = Run(produce);
      std::unique_lock lock(mutex_);
      status_ = status;
      produced_ = true;
      if (!writing_) GoOn(lock);
    });
  }

  void OnWriteDone(bool ok) override {
    wait_.End();
    std::unique_lock lock(mutex_);
    writing_ = false;
    open_ = open_ && ok;
    done_.notify_one();
    // Otherwise `produce` writes the next one.
    if (!produced_) return;
    lock.unlock();
    pool_.Post([this] {
      std::unique_lock again(mutex_);
      GoOn(again);
    });
  }
  void OnCancel() override { cancel_(); }
  void OnDone() override { delete this; }

 private:
  absl::Status Run(const Produce& produce) {
    MemoryAccount account(memory_);
    Request request;
    KVWIRE_RETURN_IF_ERROR(ParseRequest(request_, request, account));
    request_.Clear();
    return produce(request,
                   [this](const Response& response) { return Take(BytesOf(response)); });
  }

  static const grpc::ByteBuffer& BytesOf(const grpc::ByteBuffer& response) { return response; }
  static grpc::ByteBuffer BytesOf(const google::protobuf::MessageLite& response) {
    return JoinMessage(response);
  }

  // A response of `produce`.
  absl::Status Take(const grpc::ByteBuffer& response) {
    std::unique_lock lock(mutex_);
    if (!diverted_) {
      const bool free = done_.wait_for(lock, kPatience, [this] { return !writing_; });
      if (!open_) return absl::CancelledError("the client is gone");
      if (free) {
        response_ = response;
        StartWriting(lock);
        return absl::OkStatus();
      }
      diverted_ = true;
    }
    if (!open_) return absl::CancelledError("the client is gone");
    return waiting_.Add(response);
  }

  // Once `produce` has ended, and nothing is being written: the next diverted response, or the
  // end.
  void GoOn(std::unique_lock<std::mutex>& lock) {
    absl::StatusOr<bool> more = false;
    if (open_) more = waiting_.Take(response_);
    if (more.ok() && *more) return StartWriting(lock);
    const absl::Status status = more.ok() ? status_ : more.status();
    lock.unlock();
    this->Finish(ToGrpc(status));
  }

  void StartWriting(std::unique_lock<std::mutex>& lock) {
    writing_ = true;
    wait_.Begin();
    lock.unlock();
    this->StartWrite(&response_);
  }

  PeerWait wait_;
  WorkPool& pool_;
  MemoryBudget& memory_;
  grpc::ByteBuffer request_;
  std::function<void()> cancel_;
  std::mutex mutex_;
  std::condition_variable done_;
  grpc::ByteBuffer response_;  // being written
  bool writing_ = false;
  bool open_ = true;       // false: the client is gone
  bool diverted_ = false;  // for good, once it has happened
  bool produced_ = false;
  absl::Status status_;  // of `produce`
  DivertedMessages waiting_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_CALLS_STREAM_WRITER_H_
