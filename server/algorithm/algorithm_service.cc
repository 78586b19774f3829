#include "server/algorithm/algorithm_service.h"

#include <memory>
#include <random>
#include <shared_mutex>

#include "common/base/status_macros.h"
#include "common/kv/registry.h"
#include "common/wire/bulk_message.h"
#include "common/wire/parameters_conversion.h"
#include "server/algorithm/algorithm_handlers.h"
#include "server/calls/acknowledged_reader.h"
#include "server/calls/stream_writer.h"
#include "server/calls/streams.h"
#include "server/calls/unary_call.h"

namespace kvwire {
namespace {

// Calls may block on a slow reader, so there are more threads than cores.
constexpr int kWorkThreads = 32;

uint64_t RandomId() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

void DescribeOptions(absl::Span<const AlgorithmOption> options,
                     v1::AlgorithmDescription& out) {
  for (const AlgorithmOption& option : options) {
    v1::OptionDescription& description = *out.add_options();
    description.set_key(std::string(option.key));
    description.set_default_value(std::string(option.default_value));
    description.set_meaning(std::string(option.meaning));
  }
}

// `Layer` is KvAlgorithm or KvWrapper.
template <typename Layer>
void DescribeLayer(const Layer& layer, v1::AlgorithmDescription& out) {
  out.set_name(std::string(layer.name));
  out.set_summary(std::string(layer.summary));
  out.set_reference(std::string(layer.reference));
  DescribeOptions(layer.options, out);
}

}  // namespace

AlgorithmServiceHost::AlgorithmServiceHost(const SessionLimits& limits)
    : process_id_(RandomId()), sessions_(limits), pool_(kWorkThreads) {}

grpc::ServerUnaryReactor* AlgorithmServiceHost::Describe(grpc::CallbackServerContext* context,
                                                         const grpc::ByteBuffer* /*request*/,
                                                         grpc::ByteBuffer* response) {
  // Nothing can be said in the request, so nobody looks at it.
  v1::DescribeResponse described;
  described.set_protocol_version(kProtocolVersion);
  described.set_process_id(process_id_);
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    v1::AlgorithmDescription& description = *described.add_algorithms();
    DescribeLayer(algorithm, description);
    DescribeOptions(CommonOptions(), description);
  }
  for (const KvWrapper& wrapper : BuiltInWrappers()) {
    DescribeLayer(wrapper, *described.add_wrappers());
  }
  *response = JoinMessage(described);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerUnaryReactor* AlgorithmServiceHost::Open(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  return new UnaryCall<v1::OpenRequest, v1::OpenResponse>(
      *context, pool_, sessions_.memory(), request, response,
      [this, context](const v1::OpenRequest& open, v1::OpenResponse& opened) -> absl::Status {
        KVWIRE_ASSIGN_OR_RETURN(CacheSetup setup,
                                SetupOf(open, sessions_.memory_limit_bytes()));
        KVWIRE_ASSIGN_OR_RETURN(AlgorithmSessions::State session,
                                sessions_.Prepare(std::move(setup)));
        const MemoryAccount::Scope scope(session->memory);
        KVWIRE_ASSIGN_OR_RETURN(std::unique_ptr<KvCache> cache, CreateCache(session->setup));
        KVWIRE_ASSIGN_OR_RETURN(int64_t id, sessions_.Add(std::move(session), std::move(cache),
                                                          CallerOf(*context)));
        opened.set_session_id(id);
        return absl::OkStatus();
      });
}

grpc::ServerReadReactor<grpc::ByteBuffer>* AlgorithmServiceHost::Ingest(
    grpc::CallbackServerContext* context, grpc::ByteBuffer* response) {
  return new StreamReader<v1::IngestRequest, IngestHandler>(
      *context, pool_,
      std::make_unique<IngestHandler>(sessions_, CallerOf(*context), response));
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* AlgorithmServiceHost::Snapshot(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  using Writer = StreamWriter<v1::SnapshotRequest, grpc::ByteBuffer>;
  return new Writer(
      *context, pool_, sessions_.memory(), request,
      [this, caller = CallerOf(*context)](const v1::SnapshotRequest& wanted,
                                          const Writer::Write& write) -> absl::Status {
        KVWIRE_ASSIGN_OR_RETURN(const auto session,
                                sessions_.Find(wanted.session_id(), caller));
        const std::shared_lock lock(session->mutex);
        return WriteSnapshotMessages(*session->cache, session->setup, write);
      });
}

grpc::ServerReadReactor<grpc::ByteBuffer>* AlgorithmServiceHost::Restore(
    grpc::CallbackServerContext* context, grpc::ByteBuffer* response) {
  return new StreamReader<grpc::ByteBuffer, RestoreHandler>(
      *context, pool_,
      std::make_unique<RestoreHandler>(sessions_, CallerOf(*context), response));
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* AlgorithmServiceHost::Attend(
    grpc::CallbackServerContext* context) {
  using Handler = EachAnswered<v1::AttendRequest, v1::AttendResponse, AttendHandler>;
  return new AcknowledgedReader<Handler>(
      *context, pool_,
      std::make_unique<Handler>(AttendHandler(sessions_, CallerOf(*context))));
}

grpc::ServerUnaryReactor* AlgorithmServiceHost::Close(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request,
                                                      grpc::ByteBuffer* response) {
  return new UnaryCall<v1::CloseRequest, v1::CloseResponse>(
      *context, pool_, sessions_.memory(), request, response,
      [this, context](const v1::CloseRequest& close, v1::CloseResponse& /*closed*/) {
        sessions_.Remove(close.session_id(), CallerOf(*context));
        return absl::OkStatus();
      });
}

}  // namespace kvwire
