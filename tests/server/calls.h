#ifndef KVWIRE_TESTS_SERVER_CALLS_H_
#define KVWIRE_TESTS_SERVER_CALLS_H_

// Whole calls of the services, as a client of another make would make them.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/wire/parameters_conversion.h"
#include "common/wire/status_conversion.h"
#include "gtest/gtest.h"
#include "kvwire/v1/alice.grpc.pb.h"
#include "kvwire/v1/bob.grpc.pb.h"
#include "kvwire/v1/channel.grpc.pb.h"

namespace kvwire {

// All that comes back to Alice.
struct Reply {
  absl::Status status;
  std::string bytes;  // the serialized responses
  std::multimap<std::string, std::string> headers;
  std::multimap<std::string, std::string> trailers;

  bool operator==(const Reply&) const = default;
};

inline std::multimap<std::string, std::string> Copied(
    const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
  std::multimap<std::string, std::string> copy;
  for (const auto& [key, value] : metadata) {
    copy.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
  }
  return copy;
}

// A stream of the channel, chunk by chunk.
class ChannelStream {
 public:
  explicit ChannelStream(v1::OneWayChannelService::Stub& stub)
      : stream_(stub.Send(&context_)) {}

  // False: the stream has ended already.
  bool Write(const v1::SendRequest& chunk) { return stream_->Write(chunk); }

  // Ends the stream and takes all answers.
  Reply Finish() {
    stream_->WritesDone();
    Reply reply;
    v1::SendResponse response;
    while (stream_->Read(&response)) {
      committed_.push_back(response.committed_size());
      reply.bytes += response.SerializeAsString();
    }
    reply.status = FromGrpc(stream_->Finish());
    reply.headers = Copied(context_.GetServerInitialMetadata());
    reply.trailers = Copied(context_.GetServerTrailingMetadata());
    return reply;
  }

  // What the answers said.
  const std::vector<int64_t>& committed() const { return committed_; }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SendRequest, v1::SendResponse>> stream_;
  std::vector<int64_t> committed_;
};

inline Reply SendChunks(v1::OneWayChannelService::Stub& stub,
                        const std::vector<v1::SendRequest>& chunks) {
  ChannelStream stream(stub);
  for (const v1::SendRequest& chunk : chunks) {
    if (!stream.Write(chunk)) break;
  }
  return stream.Finish();
}

// `bits` is sent in pieces of `piece_bytes`.
inline absl::StatusOr<v1::SpeakResponse> Speak(v1::AliceService::Stub& stub,
                                               const v1::SpeakOpening& opening,
                                               const std::string& bits,
                                               size_t piece_bytes = size_t{1} << 20) {
  grpc::ClientContext context;
  v1::SpeakResponse response;
  const auto writer = stub.Speak(&context, &response);
  v1::SpeakRequest request;
  *request.mutable_opening() = opening;
  bool open = writer->Write(request);
  for (size_t at = 0; open && at < bits.size(); at += piece_bytes) {
    request.set_bits(bits.substr(at, piece_bytes));
    open = writer->Write(request);
  }
  writer->WritesDone();
  const absl::Status status = FromGrpc(writer->Finish());
  if (!status.ok()) return status;
  return response;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_SERVER_CALLS_H_
