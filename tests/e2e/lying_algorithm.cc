// A foreign algorithm server for the tests: a plug-in that passes every call on to an
// honest one and lies about it in the way it is told to. Without a lie it is honest.

#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "common/wire/channels.h"
#include "kvwire/v1/algorithm.grpc.pb.h"
#include "server/process/service_main.h"

namespace kvwire {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;
// What a smuggler lets through in place of the snapshot.
constexpr size_t kEmptyBytes = 64;

struct Lies {
  int claim_percent = 100;   // of the true state_bits
  int protocol_version = 1;  // what Describe says
  bool alter = false;        // one bit of the snapshot
  bool truncate = false;     // the snapshot, by its last byte
  bool smuggle = false;      // the snapshot past the message, as two processes
  std::string hold;          // "snapshot" or "attend": wait for a line on stdin first
};

class LyingAlgorithm final : public v1::AlgorithmService::Service {
 public:
  LyingAlgorithm(const Endpoint& honest, Lies lies)
      : honest_(v1::AlgorithmService::NewStub(ControlChannel(honest))),
        lies_(std::move(lies)) {}

  grpc::Status Describe(grpc::ServerContext* server, const v1::DescribeRequest* request,
                        v1::DescribeResponse* response) override {
    const auto context = grpc::ClientContext::FromServerContext(*server);
    grpc::Status status = honest_->Describe(context.get(), *request, response);
    response->set_protocol_version(lies_.protocol_version);
    if (lies_.smuggle) response->set_process_id(++alias_);
    return status;
  }

  grpc::Status Open(grpc::ServerContext* server, const v1::OpenRequest* request,
                    v1::OpenResponse* response) override {
    const auto context = grpc::ClientContext::FromServerContext(*server);
    return honest_->Open(context.get(), *request, response);
  }

  grpc::Status Ingest(grpc::ServerContext* server,
                      grpc::ServerReader<v1::IngestRequest>* reader,
                      v1::IngestResponse* response) override {
    const auto context = grpc::ClientContext::FromServerContext(*server);
    const auto writer = honest_->Ingest(context.get(), response);
    v1::IngestRequest request;
    while (reader->Read(&request) && writer->Write(request)) {
    }
    writer->WritesDone();
    grpc::Status status = writer->Finish();
    response->set_state_bits(lies_.smuggle
                                 ? 8 * int64_t{kEmptyBytes}
                                 : response->state_bits() * lies_.claim_percent / 100);
    return status;
  }

  grpc::Status Snapshot(grpc::ServerContext* server, const v1::SnapshotRequest* request,
                        grpc::ServerWriter<v1::SnapshotResponse>* writer) override {
    Hold("snapshot");
    const auto context = grpc::ClientContext::FromServerContext(*server);
    const auto reader = honest_->Snapshot(context.get(), *request);
    v1::SnapshotResponse response;
    std::string snapshot;
    while (reader->Read(&response)) snapshot += response.data();
    const std::string told = Tell(std::move(snapshot));
    for (size_t at = 0; at < told.size(); at += kPieceBytes) {
      response.set_data(told.substr(at, kPieceBytes));
      writer->Write(response);
    }
    return reader->Finish();
  }

  grpc::Status Restore(grpc::ServerContext* server,
                       grpc::ServerReader<v1::RestoreRequest>* reader,
                       v1::RestoreResponse* response) override {
    const auto context = grpc::ClientContext::FromServerContext(*server);
    const auto writer = honest_->Restore(context.get(), response);
    v1::RestoreRequest request;
    bool first = true;
    while (reader->Read(&request)) {
      if (lies_.smuggle) request.set_data(first ? Smuggled() : "");
      if (!writer->Write(request)) break;
      first = false;
    }
    writer->WritesDone();
    return writer->Finish();
  }

  grpc::Status Attend(
      grpc::ServerContext* server,
      grpc::ServerReaderWriter<v1::AttendResponse, v1::AttendRequest>* stream) override {
    Hold("attend");
    const auto context = grpc::ClientContext::FromServerContext(*server);
    const auto honest = honest_->Attend(context.get());
    v1::AttendRequest request;
    v1::AttendResponse response;
    while (stream->Read(&request) && honest->Write(request) && honest->Read(&response)) {
      stream->Write(response);
    }
    honest->WritesDone();
    return honest->Finish();
  }

  grpc::Status Close(grpc::ServerContext* server, const v1::CloseRequest* request,
                     v1::CloseResponse* response) override {
    const auto context = grpc::ClientContext::FromServerContext(*server);
    return honest_->Close(context.get(), *request, response);
  }

 private:
  void Hold(const std::string& call) {
    if (lies_.hold != call) return;
    std::cout << "holding " << call << std::endl;
    std::string line;
    std::getline(std::cin, line);
  }

  // What is said to be the snapshot.
  std::string Tell(std::string snapshot) {
    if (lies_.smuggle) {
      const std::lock_guard<std::mutex> lock(mutex_);
      smuggled_ = std::move(snapshot);
      return std::string(kEmptyBytes, '\0');
    }
    if (lies_.alter) snapshot[snapshot.size() / 2] ^= 1;
    if (lies_.truncate) snapshot.pop_back();
    return snapshot;
  }

  std::string Smuggled() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return smuggled_;
  }

  const std::unique_ptr<v1::AlgorithmService::Stub> honest_;
  const Lies lies_;
  std::atomic<uint64_t> alias_ = 0;
  std::mutex mutex_;
  std::string smuggled_;
};

void AddLies(CLI::App& app, Lies& lies) {
  app.add_option("--claim-percent", lies.claim_percent, "of the state that it has");
  app.add_option("--protocol-version", lies.protocol_version, "what it says it speaks");
  app.add_flag("--alter", lies.alter, "one bit of the snapshot");
  app.add_flag("--truncate", lies.truncate, "the snapshot, by a byte");
  app.add_flag("--smuggle", lies.smuggle, "the snapshot from Alice to Bob past the message");
  app.add_option("--hold", lies.hold, "a call, until a line comes on stdin")
      ->check(CLI::IsMember({"snapshot", "attend"}));
}

}  // namespace
}  // namespace kvwire

int main(int argc, char** argv) {
  CLI::App app("lying_algorithm: passes every call on to an honest algorithm, and lies");
  kvwire::ServiceFlags flags;
  kvwire::AddServiceFlags(app, flags);
  kvwire::Lies lies;
  kvwire::AddLies(app, lies);
  std::string honest;
  app.add_option("--honest", honest, "HOST:PORT of the honest algorithm")->required();
  if (const auto exit_code = kvwire::ParseServiceFlags(app, flags, argc, argv))
    return *exit_code;
  const auto listen = kvwire::ParseEndpoint(flags.listen);
  if (!listen.ok()) return kvwire::ServiceError(listen.status());
  const auto endpoint = kvwire::ParseEndpoint(honest);
  if (!endpoint.ok()) return kvwire::ServiceError(endpoint.status());
  kvwire::LyingAlgorithm service(*endpoint, lies);
  return kvwire::Serve({{.label = "listening", .endpoint = *listen, .services = {{&service}}}},
                       flags);
}
