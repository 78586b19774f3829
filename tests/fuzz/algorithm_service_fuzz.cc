// Any requests to an algorithm process, in any order, as its handlers get them: documented
// errors, and answers that are what the caller asked for.
//
// The input is records (records.h) of a call and the bytes of a request to it. Requests to
// one streaming call, one after the other, are of one stream.

#include <google/protobuf/stubs/logging.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/status_macros.h"
#include "common/kv/registry.h"
#include "common/kv/snapshot.h"
#include "common/wire/bulk_message.h"
#include "server/algorithm/algorithm_handlers.h"
#include "server/calls/request_parsing.h"
#include "tests/fuzz/algorithm_calls.h"
#include "tests/fuzz/fuzz_require.h"
#include "tests/fuzz/records.h"
#include "tests/fuzz/sliced_buffer.h"

namespace kvwire {
namespace {

using Code = absl::StatusCode;

// Small, so that the target is fast and an input cannot ask for much.
constexpr SessionLimits kLimits = {
    .memory_limit_bytes = 1 << 18, .memory_budget_bytes = 1 << 20, .sessions_per_peer = 4};

// Whether opening may take seconds: keys are packed, or a code is found by trial.
bool TakesSeconds(const v1::OpenRequest& request) {
  const v1::CacheParameters& parameters = request.parameters();
  constexpr int64_t kManyPoints = 40;
  const bool packs = parameters.frame() == v1::KEY_FRAME_KIND_PACKED &&
                     parameters.token_count() > kManyPoints;
  return packs || parameters.algorithm().find("floor") != std::string::npos;
}

class Process {
 public:
  void Call(const Record& record) {
    caller_.identity = record.kind / kAlgorithmCalls % 2 == 0 ? "" : "another";
    const auto call = static_cast<AlgorithmCall>(record.kind % kAlgorithmCalls);
    if (call != stream_) EndStream();
    switch (call) {
      case AlgorithmCall::kOpen:
        return WithRequest<v1::OpenRequest>(record, [this](const auto& r) { Open(r); });
      case AlgorithmCall::kIngest:
        return WithRequest<v1::IngestRequest>(record, [this](const auto& r) { Ingest(r); });
      case AlgorithmCall::kSnapshot:
        return WithRequest<v1::SnapshotRequest>(record, [this](const auto& r) { Write(r); });
      case AlgorithmCall::kRestore:
        return Restore(record.bytes);
      case AlgorithmCall::kAttend:
        return WithRequest<v1::AttendRequest>(record, [this](const auto& r) { Attend(r); });
      case AlgorithmCall::kClose:
        return WithRequest<v1::CloseRequest>(
            record, [this](const auto& r) { sessions_.Remove(r.session_id(), caller_); });
    }
  }

  void EndStream() {
    if (ingest_.has_value() && ingest_->End().ok()) {
      v1::IngestResponse ingested;
      RequireOk(SplitMessage(response_, ingested), "an answer can be parsed");
      Require(ingested.state_bits() >= 0, "a state has bits");
    }
    if (restore_.has_value()) EndRestore(restore_->End());
    Abort();
  }

 private:
  // As a stream ends with its first error.
  void Abort() {
    stream_.reset();
    ingest_.reset();
    restore_.reset();
    attend_.reset();
  }

  // A request that cannot be parsed never reaches a handler, and ends a stream.
  template <typename Request, typename Handle>
  void WithRequest(const Record& record, Handle handle) {
    MemoryAccount account(sessions_.memory());
    Request request;
    const absl::Status status = ParseRequest(SlicedBuffer(record.bytes), request, account);
    if (status.ok()) return handle(request);
    RequireCode(status, {Code::kInvalidArgument, Code::kResourceExhausted});
    Abort();
  }

  void Open(const v1::OpenRequest& request) {
    if (TakesSeconds(request)) return;
    const auto opened = [&]() -> absl::StatusOr<int64_t> {
      KVWIRE_ASSIGN_OR_RETURN(CacheSetup setup,
                              SetupOf(request, sessions_.memory_limit_bytes()));
      KVWIRE_ASSIGN_OR_RETURN(AlgorithmSessions::State session,
                              sessions_.Prepare(std::move(setup)));
      const MemoryAccount::Scope scope(session->memory);
      KVWIRE_ASSIGN_OR_RETURN(std::unique_ptr<KvCache> cache, CreateCache(session->setup));
      return sessions_.Add(std::move(session), std::move(cache), caller_);
    }();
    if (opened.ok()) return;
    RequireCode(opened.status(),
                {Code::kFailedPrecondition, Code::kInvalidArgument, Code::kResourceExhausted});
  }

  void Ingest(const v1::IngestRequest& request) {
    if (!ingest_.has_value()) ingest_.emplace(sessions_, caller_, &response_);
    stream_ = AlgorithmCall::kIngest;
    const absl::Status status = ingest_->Take(request);
    if (status.ok()) return;
    RequireCode(status, {Code::kNotFound, Code::kInvalidArgument, Code::kFailedPrecondition,
                         Code::kResourceExhausted});
    Abort();
  }

  void Write(const v1::SnapshotRequest& request) {
    const auto session = sessions_.Find(request.session_id(), caller_);
    if (!session.ok()) return RequireCode(session.status(), {Code::kNotFound});
    const std::shared_lock lock((*session)->mutex);
    const KvCache& cache = *(*session)->cache;
    const CacheSetup& setup = (*session)->setup;
    const std::string bytes = SnapshotOf(cache, setup);
    const int64_t container_bits = 8 * static_cast<int64_t>(bytes.size()) - cache.StateBits();
    const auto sections = static_cast<int64_t>(cache.Sections().size());
    const auto options = static_cast<int64_t>(setup.spec.ToString().size());
    Require(container_bits >= 0 && container_bits <= 8 * (64 + options + 16 * sections),
            "a snapshot is as long as its claim allows");
    auto reader = SnapshotReader::Create(setup);
    RequireOk(reader.status(), "a setup that is open can be opened");
    RequireOk((*reader)->Append(bytes), "the snapshot of a state can be restored");
    RequireOk((*reader)->Finish().status(), "the snapshot of a state can be restored");
  }

  static std::string SnapshotOf(const KvCache& cache, const CacheSetup& setup) {
    std::string bytes;
    const auto keep = [&bytes](const grpc::ByteBuffer& message) {
      v1::SnapshotResponse response;
      RequireOk(SplitMessage(message, response), "an answer can be parsed");
      bytes += response.data();
      return absl::OkStatus();
    };
    RequireOk(WriteSnapshotMessages(cache, setup, keep), "a state can be written");
    return bytes;
  }

  void Restore(const std::string& bytes) {
    v1::RestoreRequest request;
    if (request.ParseFromString(bytes) && TakesSeconds(request.open())) return;
    if (!restore_.has_value()) restore_.emplace(sessions_, caller_, &response_);
    stream_ = AlgorithmCall::kRestore;
    const absl::Status status = restore_->Take(SlicedBuffer(bytes));
    if (status.ok()) return;
    RequireRestoreCode(status);
    Abort();
  }

  void EndRestore(const absl::Status& status) {
    if (!status.ok()) return RequireRestoreCode(status);
    v1::RestoreResponse restored;
    RequireOk(SplitMessage(response_, restored), "an answer can be parsed");
    // The caller may be another by now; whoever began the stream has the session.
    const bool found = sessions_.Find(restored.session_id(), {.identity = ""}).ok() ||
                       sessions_.Find(restored.session_id(), {.identity = "another"}).ok();
    Require(found, "what was restored is open");
  }

  static void RequireRestoreCode(const absl::Status& status) {
    RequireCode(status, {Code::kDataLoss, Code::kInvalidArgument, Code::kFailedPrecondition,
                         Code::kResourceExhausted});
  }

  void Attend(const v1::AttendRequest& request) {
    if (!attend_.has_value()) attend_.emplace(sessions_, caller_);
    stream_ = AlgorithmCall::kAttend;
    v1::AttendResponse response;
    const absl::Status status = attend_->Take(request, response);
    if (!status.ok()) {
      RequireCode(status, {Code::kNotFound, Code::kInvalidArgument, Code::kFailedPrecondition,
                           Code::kOutOfRange});
      return Abort();
    }
    const std::string& outputs = response.outputs();
    Require(outputs.size() == request.queries().size(), "an output a query");
    for (size_t at = 0; at + sizeof(float) <= outputs.size(); at += sizeof(float)) {
      float output = 0;
      std::memcpy(&output, outputs.data() + at, sizeof(float));
      Require(std::isfinite(output), "an answer is finite");
    }
  }

  AlgorithmSessions sessions_{kLimits};
  Caller caller_;                        // of the record
  std::optional<AlgorithmCall> stream_;  // the streaming call under way
  std::optional<IngestHandler> ingest_;
  std::optional<RestoreHandler> restore_;
  std::optional<AttendHandler> attend_;
  grpc::ByteBuffer response_;  // of that stream
};

}  // namespace
}  // namespace kvwire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // As a service is: strings that are no UTF-8 are answered, not reported.
  const google::protobuf::LogSilencer quiet;
  kvwire::Process process;
  for (const kvwire::Record& record :
       kvwire::RecordsOf({reinterpret_cast<const char*>(data), size})) {
    process.Call(record);
  }
  process.EndStream();
  return 0;
}
