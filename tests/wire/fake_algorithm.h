#ifndef KVWIRE_TESTS_WIRE_FAKE_ALGORITHM_H_
#define KVWIRE_TESTS_WIRE_FAKE_ALGORITHM_H_

// An algorithm server whose every answer is up to the test, good or bad, as one that
// somebody else wrote may be.

#include <grpcpp/grpcpp.h>

#include <functional>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "kvwire/v1/algorithm.grpc.pb.h"

namespace kvwire {

class FakeAlgorithm final : public v1::AlgorithmService::Service {
 public:
  // What each call does; calls that a test did not fill in are UNIMPLEMENTED.
  std::function<grpc::Status(grpc::ServerContext&, v1::DescribeResponse&)> describe;
  std::function<grpc::Status(const v1::OpenRequest&, v1::OpenResponse&)> open;
  std::function<grpc::Status(grpc::ServerReader<v1::IngestRequest>&, v1::IngestResponse&)>
      ingest;
  std::function<grpc::Status(grpc::ServerWriter<v1::SnapshotResponse>&)> snapshot;
  std::function<grpc::Status(grpc::ServerReader<v1::RestoreRequest>&, v1::RestoreResponse&)>
      restore;
  using AttendStream = grpc::ServerReaderWriter<v1::AttendResponse, v1::AttendRequest>;
  std::function<grpc::Status(AttendStream&)> attend;
  std::function<void(int64_t session)> close;  // before the session counts as closed

  // Sessions that were closed, in order, once there are `count` of them.
  std::vector<int64_t> closed(size_t count) const {
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return closed_.size() >= count;
    };
    const absl::MutexLock lock(&mutex_, absl::Condition(&enough));
    return closed_;
  }

  grpc::Status Describe(grpc::ServerContext* context, const v1::DescribeRequest* /*request*/,
                        v1::DescribeResponse* response) override {
    return describe ? describe(*context, *response) : Unimplemented();
  }
  grpc::Status Open(grpc::ServerContext* /*context*/, const v1::OpenRequest* request,
                    v1::OpenResponse* response) override {
    return open ? open(*request, *response) : Unimplemented();
  }
  grpc::Status Ingest(grpc::ServerContext* /*context*/,
                      grpc::ServerReader<v1::IngestRequest>* reader,
                      v1::IngestResponse* response) override {
    return ingest ? ingest(*reader, *response) : Unimplemented();
  }
  grpc::Status Snapshot(grpc::ServerContext* /*context*/,
                        const v1::SnapshotRequest* /*request*/,
                        grpc::ServerWriter<v1::SnapshotResponse>* writer) override {
    return snapshot ? snapshot(*writer) : Unimplemented();
  }
  grpc::Status Restore(grpc::ServerContext* /*context*/,
                       grpc::ServerReader<v1::RestoreRequest>* reader,
                       v1::RestoreResponse* response) override {
    return restore ? restore(*reader, *response) : Unimplemented();
  }
  grpc::Status Attend(grpc::ServerContext* /*context*/, AttendStream* stream) override {
    return attend ? attend(*stream) : Unimplemented();
  }
  grpc::Status Close(grpc::ServerContext* /*context*/, const v1::CloseRequest* request,
                     v1::CloseResponse* /*response*/) override {
    if (close) close(request->session_id());
    const absl::MutexLock lock(&mutex_);
    closed_.push_back(request->session_id());
    return grpc::Status::OK;
  }

 private:
  static grpc::Status Unimplemented() {
    return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "the test says nothing of this call");
  }

  mutable absl::Mutex mutex_;
  std::vector<int64_t> closed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_WIRE_FAKE_ALGORITHM_H_
