// Any requests to an algorithm process, in any order, as its handlers get them: documented
// errors, and answers that are what the caller asked for.
//
// The input is records (records.h) of a call and the bytes of a request to it. Requests to
// one streaming call, one after the other, are of one stream.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "common/kv/registry.h"
#include "common/kv/snapshot.h"
#include "server/algorithm_handlers.h"
#include "tests/fuzz/algorithm_calls.h"
#include "tests/fuzz/fuzz_require.h"
#include "tests/fuzz/records.h"

namespace kvwire {
namespace {

using Code = absl::StatusCode;

// Small, so that the target is fast and an input cannot ask for much.
constexpr int64_t kMemoryLimitBytes = 1 << 18;

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
  // A request that cannot be parsed never reaches a handler.
  void Call(const Record& record) {
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
        return WithRequest<v1::RestoreRequest>(record, [this](const auto& r) { Restore(r); });
      case AlgorithmCall::kAttend:
        return WithRequest<v1::AttendRequest>(record, [this](const auto& r) { Attend(r); });
      case AlgorithmCall::kClose:
        return WithRequest<v1::CloseRequest>(
            record, [this](const auto& r) { sessions_.Remove(r.session_id()); });
    }
  }

  void EndStream() {
    stream_.reset();
    if (ingest_.has_value()) {
      const absl::Status status = ingest_->End();
      if (status.ok()) Require(ingested_.state_bits() >= 0, "a state has bits");
      ingest_.reset();
    }
    if (restore_.has_value()) {
      const absl::Status status = restore_->End();
      if (status.ok()) {
        Require(sessions_.Find(restored_.session_id()).ok(), "what was restored is open");
      } else {
        RequireCode(status, {Code::kDataLoss, Code::kInvalidArgument, Code::kResourceExhausted,
                             Code::kFailedPrecondition});
      }
      restore_.reset();
    }
    attend_.reset();
  }

 private:
  template <typename Request, typename Handle>
  void WithRequest(const Record& record, Handle handle) {
    Request request;
    if (request.ParseFromString(record.bytes)) handle(request);
  }

  void Open(const v1::OpenRequest& request) {
    if (TakesSeconds(request)) return;
    const auto opened = [&]() -> absl::StatusOr<int64_t> {
      auto setup = SetupOf(request, kMemoryLimitBytes);
      if (!setup.ok()) return setup.status();
      auto cache = CreateCache(*setup);
      if (!cache.ok()) return cache.status();
      return sessions_.Add(*std::move(setup), *std::move(cache));
    }();
    if (opened.ok()) return;
    RequireCode(opened.status(),
                {Code::kFailedPrecondition, Code::kInvalidArgument, Code::kResourceExhausted});
  }

  void Ingest(const v1::IngestRequest& request) {
    if (!ingest_.has_value()) ingest_.emplace(sessions_, &ingested_);
    stream_ = AlgorithmCall::kIngest;
    const absl::Status status = ingest_->Take(request);
    if (status.ok()) return;
    RequireCode(status, {Code::kNotFound, Code::kInvalidArgument, Code::kFailedPrecondition,
                         Code::kResourceExhausted});
    // The server ends a stream with its first error.
    ingest_.reset();
  }

  void Write(const v1::SnapshotRequest& request) {
    const auto session = sessions_.Find(request.session_id());
    if (!session.ok()) return RequireCode(session.status(), {Code::kNotFound});
    const std::shared_lock lock((*session)->mutex);
    std::string bytes;
    RequireOk(WriteSnapshot(*(*session)->cache, (*session)->setup,
                            [&bytes](std::string_view piece) {
                              bytes.append(piece);
                              return absl::OkStatus();
                            }),
              "a state can be written");
    const int64_t container_bits =
        8 * static_cast<int64_t>(bytes.size()) - (*session)->cache->StateBits();
    const auto sections = static_cast<int64_t>((*session)->cache->Sections().size());
    Require(container_bits >= 0 && container_bits <= 8 * (64 + 16 * sections),
            "a snapshot is as long as its claim allows");
    auto reader = SnapshotReader::Create((*session)->setup);
    RequireOk(reader.status(), "a setup that is open can be opened");
    RequireOk((*reader)->Append(bytes), "the snapshot of a state can be restored");
    RequireOk((*reader)->Finish().status(), "the snapshot of a state can be restored");
  }

  void Restore(const v1::RestoreRequest& request) {
    if (TakesSeconds(request.open())) return;
    if (!restore_.has_value()) restore_.emplace(sessions_, kMemoryLimitBytes, &restored_);
    stream_ = AlgorithmCall::kRestore;
    const absl::Status status = restore_->Take(request);
    if (status.ok()) return;
    RequireCode(status, {Code::kDataLoss, Code::kInvalidArgument, Code::kFailedPrecondition,
                         Code::kResourceExhausted});
    restore_.reset();
  }

  void Attend(const v1::AttendRequest& request) {
    if (!attend_.has_value()) attend_.emplace(sessions_);
    stream_ = AlgorithmCall::kAttend;
    v1::AttendResponse response;
    const absl::Status status = attend_->Take(request, response);
    if (!status.ok()) {
      RequireCode(status, {Code::kNotFound, Code::kInvalidArgument, Code::kFailedPrecondition,
                           Code::kOutOfRange});
      attend_.reset();
      return;
    }
    const std::string& outputs = response.outputs();
    Require(outputs.size() == request.queries().size(), "an output a query");
    for (size_t at = 0; at + sizeof(float) <= outputs.size(); at += sizeof(float)) {
      float output = 0;
      std::memcpy(&output, outputs.data() + at, sizeof(float));
      Require(std::isfinite(output), "an answer is finite");
    }
  }

  AlgorithmSessions sessions_;
  std::optional<AlgorithmCall> stream_;  // the streaming call under way
  std::optional<IngestHandler> ingest_;
  std::optional<RestoreHandler> restore_;
  std::optional<AttendHandler> attend_;
  v1::IngestResponse ingested_;
  v1::RestoreResponse restored_;
};

}  // namespace
}  // namespace kvwire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kvwire::Process process;
  for (const kvwire::Record& record :
       kvwire::RecordsOf({reinterpret_cast<const char*>(data), size})) {
    process.Call(record);
  }
  process.EndStream();
  return 0;
}
