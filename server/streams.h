#ifndef KVWIRE_SERVER_STREAMS_H_
#define KVWIRE_SERVER_STREAMS_H_

// Adapters from gRPC's callback API to plain handlers: a stream costs no thread
// while it is idle, its messages are handled one at a time on a WorkPool, and the
// next one is not read before the last one is dealt with (which is what pushes
// back on a fast sender). Each reactor deletes itself when the call is over.

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "common/wire/status_conversion.h"
#include "server/work_pool.h"

namespace kvwire {

// Client streaming. Handler has
//   absl::Status Take(const Request&)  each request in order; an error ends the call
//   absl::Status End()                 the client sent its last request, or is gone
//   void Cancel()                      the client is gone; called from any thread
template <typename Request, typename Handler>
class StreamReader final : public grpc::ServerReadReactor<Request> {
 public:
  StreamReader(WorkPool& pool, std::unique_ptr<Handler> handler)
      : pool_(pool), handler_(std::move(handler)) {
    this->StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    turn_.load(std::memory_order_acquire);
    pool_.Post([this, ok] {
      const absl::Status status = ok ? handler_->Take(request_) : handler_->End();
      request_.Clear();  // what was received need not wait for what comes next
      turn_.fetch_add(1, std::memory_order_release);
      if (ok && status.ok()) {
        this->StartRead(&request_);
      } else {
        this->Finish(ToGrpc(status));
      }
    });
  }
  void OnCancel() override { handler_->Cancel(); }
  void OnDone() override { delete this; }

 private:
  WorkPool& pool_;
  std::unique_ptr<Handler> handler_;
  Request request_;
  // Orders one turn of the handler before the next where ThreadSanitizer can see it;
  // gRPC does so too, but is not built with it.
  std::atomic<int> turn_ = 0;
};

// Bidirectional streaming, one response a request. Handler has
//   absl::Status Take(const Request&, Response&)
template <typename Request, typename Response, typename Handler>
class StreamResponder final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  StreamResponder(WorkPool& pool, std::unique_ptr<Handler> handler)
      : pool_(pool), handler_(std::move(handler)) {
    this->StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return this->Finish(grpc::Status::OK);
    pool_.Post([this] {
      response_.Clear();
      const absl::Status status = handler_->Take(request_, response_);
      if (status.ok()) {
        this->StartWrite(&response_);
      } else {
        this->Finish(ToGrpc(status));
      }
    });
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return this->Finish(grpc::Status::CANCELLED);
    this->StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  WorkPool& pool_;
  std::unique_ptr<Handler> handler_;
  Request request_;
  Response response_;
};

// Server streaming: `produce` runs on the pool and writes its responses one by
// one; a write returns when the transport has taken it, CANCELLED if the client
// is gone.
template <typename Response>
class StreamWriter final : public grpc::ServerWriteReactor<Response> {
 public:
  using Write = std::function<absl::Status(const Response&)>;
  using Produce = std::function<absl::Status(const Write&)>;

  // `cancel` is called, from any thread, if the client goes away.
  StreamWriter(
      WorkPool& pool, Produce produce, std::function<void()> cancel = [] {})
      : cancel_(std::move(cancel)) {
    pool.Post([this, produce = std::move(produce)] {
      const absl::Status status =
          produce([this](const Response& response) { return WriteAndWait(response); });
      this->Finish(ToGrpc(status));
    });
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    written_ = true;
    open_ = ok;
    done_.notify_one();
  }
  void OnCancel() override { cancel_(); }
  void OnDone() override { delete this; }

 private:
  absl::Status WriteAndWait(const Response& response) {
    {
      const std::lock_guard lock(mutex_);
      written_ = false;
    }
    this->StartWrite(&response);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return written_; });
    return open_ ? absl::OkStatus() : absl::CancelledError("the client is gone");
  }

  std::function<void()> cancel_;
  std::mutex mutex_;
  std::condition_variable done_;
  bool written_ = false;
  bool open_ = true;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_STREAMS_H_
