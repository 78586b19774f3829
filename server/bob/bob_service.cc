#include "server/bob/bob_service.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/reduction/bob.h"
#include "common/wire/bulk_message.h"
#include "common/wire/parameters_conversion.h"
#include "common/wire/rows.h"
#include "server/bob/bob_decode.h"
#include "server/bob/bob_generation.h"
#include "server/calls/peer_identity.h"
#include "server/calls/stream_writer.h"
#include "server/calls/unary_call.h"

namespace kvwire {
namespace {

constexpr int64_t kPieceBytes = int64_t{1} << 20;
constexpr double kLongestWaitSeconds = 60;

std::vector<int64_t> AllRows(const PublicParameters& parameters) {
  std::vector<int64_t> rows(parameters.shape.tokens());
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

// The bits at `positions`, in that order, out of those of the sorted `rows`.
BitVector SelectPositions(const BitVector& bits, const std::vector<int64_t>& rows,
                          const std::vector<int64_t>& positions, int64_t dims) {
  BitVector selected(static_cast<int64_t>(positions.size()));
  for (size_t k = 0; k < positions.size(); ++k) {
    const auto row =
        std::lower_bound(rows.begin(), rows.end(), positions[k] / dims) - rows.begin();
    selected.Set(static_cast<int64_t>(k), bits.Get(row * dims + positions[k] % dims));
  }
  return selected;
}

using DecodeWriter = StreamWriter<v1::DecodeRequest, v1::DecodeResponse>;

absl::Status WriteBits(const BitVector& bits, const DecodedRows& decoded,
                       absl::Duration duration, const DecodeWriter::Write& write) {
  v1::DecodeResponse response;
  size_t offset = 0;
  for (; offset < decoded.confidences.size(); offset += kPieceBytes) {
    response.set_confidences(decoded.confidences.substr(offset, kPieceBytes));
    KVWIRE_RETURN_IF_ERROR(write(response));
  }
  response.clear_confidences();
  const std::string& bytes = bits.bytes();
  offset = 0;
  for (; bytes.size() - offset > kPieceBytes; offset += kPieceBytes) {
    response.set_bits(bytes.substr(offset, kPieceBytes));
    KVWIRE_RETURN_IF_ERROR(write(response));
  }
  response.set_bits(bytes.substr(offset));
  response.mutable_summary()->set_replay_count(decoded.replays);
  response.mutable_summary()->set_attend_seconds(absl::ToDoubleSeconds(duration));
  response.mutable_summary()->set_algorithm_process_id(decoded.process_id);
  response.mutable_summary()->set_restore_seconds(absl::ToDoubleSeconds(decoded.restoring));
  response.mutable_summary()->set_query_count(decoded.queries);
  response.mutable_summary()->set_changed_bits(decoded.changed_bits);
  return write(response);
}

absl::Status AnswerDecode(const MessageStore& store, const AlgorithmClient& algorithm,
                          MemoryBudget& memory, const v1::DecodeRequest& request,
                          Cancellation& cancellation, const DecodeWriter::Write& write) {
  KVWIRE_RETURN_IF_ERROR(CheckProtocolVersion(request.protocol_version()));
  KVWIRE_ASSIGN_OR_RETURN(const auto message, store.FindSealed(request.run_id()));
  KVWIRE_ASSIGN_OR_RETURN(const PublicParameters parameters,
                          ParametersFromProto(request.parameters()));
  if (ParametersDigest(parameters) != message->parameters_digest()) {
    return absl::FailedPreconditionError(
        "Alice spoke of other public parameters than the driver asks about");
  }
  if (request.positions().empty() && !request.all()) {
    return absl::InvalidArgumentError("nothing is asked");
  }
  if (request.confidences() && !request.all()) {
    return absl::InvalidArgumentError("confidences are given with all bits only");
  }
  const int64_t most_rows =
      request.all() ? parameters.shape.tokens() : request.positions().size();
  MemoryAccount account(memory);
  KVWIRE_RETURN_IF_ERROR(
      account.Raise(DecodeBytes(parameters, most_rows, request.confidences())));
  const std::vector<int64_t> positions(request.positions().begin(), request.positions().end());
  std::vector<int64_t> rows;
  if (request.all()) {
    rows = AllRows(parameters);
  } else {
    KVWIRE_ASSIGN_OR_RETURN(
        rows, RowsOfPositions(positions, parameters.payload_bits(), parameters.dims));
  }
  const absl::Time start = absl::Now();
  KVWIRE_ASSIGN_OR_RETURN(
      const DecodedRows decoded,
      DecodeMessageRows(algorithm, *message, parameters, rows,
                        {.memory_limit_bytes = request.memory_limit_bytes(),
                         .confidences = request.confidences(),
                         .all_queries = request.all_queries()},
                        cancellation));
  const absl::Duration duration = absl::Now() - start;
  if (request.all()) return WriteBits(decoded.bits, decoded, duration, write);
  return WriteBits(SelectPositions(decoded.bits, rows, positions, parameters.dims), decoded,
                   duration, write);
}

using LastMapWriter = StreamWriter<v1::GenerateLastRequest, v1::GenerateLastResponse>;

absl::Status AnswerGenerateLast(const MessageStore& store, const AlgorithmClient& algorithm,
                                const std::optional<ModelWeights>& model,
                                const v1::GenerateLastRequest& request,
                                Cancellation& cancellation,
                                const LastMapWriter::Write& write) {
  KVWIRE_RETURN_IF_ERROR(CheckProtocolVersion(request.protocol_version()));
  KVWIRE_ASSIGN_OR_RETURN(const auto message, store.FindSealed(request.run_id()));
  KVWIRE_ASSIGN_OR_RETURN(const Generation generation,
                          GenerationFromProto(request.parameters()));
  if (GenerationDigest(generation) != message->parameters_digest()) {
    return absl::FailedPreconditionError(
        "Alice spoke of another generation than the driver asks about");
  }
  const absl::Time start = absl::Now();
  KVWIRE_ASSIGN_OR_RETURN(const GeneratedMap map,
                          GenerateLastMap(algorithm, *message, generation, model,
                                          request.memory_limit_bytes(), cancellation));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  v1::GenerateLastResponse response;
  const int64_t step = RowsPerMessage(map.tokens.cols());
  for (int64_t first = 0; first < map.tokens.rows(); first += step) {
    const int64_t rows = std::min(step, map.tokens.rows() - first);
    response.set_tokens(RowsToBytes(map.tokens.middleRows(first, rows)));
    if (first + rows == map.tokens.rows()) {
      response.set_generate_seconds(seconds);
      response.set_algorithm_process_id(map.process_id);
    }
    KVWIRE_RETURN_IF_ERROR(write(response));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status BobServiceHost::Claim(uint64_t run_id, const std::string& identity) {
  KVWIRE_RETURN_IF_ERROR(owners_.Claim(run_id, identity));
  return store_.Claim(run_id, identity);
}

grpc::ServerUnaryReactor* BobServiceHost::GetChannel(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* /*request*/,
                                                     grpc::ByteBuffer* response) {
  // Nothing can be said in the request, so nobody looks at it.
  v1::GetChannelResponse channel;
  channel.set_endpoint(channel_.ToString());
  *response = JoinMessage(channel);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* BobServiceHost::Decode(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  const auto cancellation = std::make_shared<Cancellation>();
  return new DecodeWriter(
      *context, pool_, memory_, request,
      [this, cancellation, identity = IdentityOf(*context)](
          const v1::DecodeRequest& asked, const DecodeWriter::Write& write) -> absl::Status {
        KVWIRE_RETURN_IF_ERROR(Claim(asked.run_id(), identity));
        return AnswerDecode(store_, algorithm_, memory_, asked, *cancellation, write);
      },
      [cancellation] { cancellation->Cancel(); });
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* BobServiceHost::GenerateLast(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  const auto cancellation = std::make_shared<Cancellation>();
  return new LastMapWriter(
      *context, pool_, memory_, request,
      [this, cancellation, identity = IdentityOf(*context)](
          const v1::GenerateLastRequest& asked,
          const LastMapWriter::Write& write) -> absl::Status {
        KVWIRE_RETURN_IF_ERROR(Claim(asked.run_id(), identity));
        return AnswerGenerateLast(store_, algorithm_, model_, asked, *cancellation, write);
      },
      [cancellation] { cancellation->Cancel(); });
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* BobServiceHost::GetMessage(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  using Writer = StreamWriter<v1::GetMessageRequest, v1::GetMessageResponse>;
  return new Writer(
      *context, pool_, memory_, request,
      [this, identity = IdentityOf(*context)](const v1::GetMessageRequest& asked,
                                              const Writer::Write& write) -> absl::Status {
        KVWIRE_RETURN_IF_ERROR(Claim(asked.run_id(), identity));
        KVWIRE_ASSIGN_OR_RETURN(const auto message, store_.FindSealed(asked.run_id()));
        v1::GetMessageResponse response;
        for (int64_t offset = 0; offset < message->committed_bytes(); offset += kPieceBytes) {
          KVWIRE_ASSIGN_OR_RETURN(*response.mutable_data(),
                                  message->Read(offset, kPieceBytes));
          KVWIRE_RETURN_IF_ERROR(write(response));
        }
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* BobServiceHost::GetLedger(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request,
                                                    grpc::ByteBuffer* response) {
  return new UnaryCall<v1::GetLedgerRequest, v1::GetLedgerResponse>(
      *context, pool_, memory_, request, response,
      [this, context](const v1::GetLedgerRequest& asked,
                      v1::GetLedgerResponse& books) -> absl::Status {
        KVWIRE_RETURN_IF_ERROR(Claim(asked.run_id(), IdentityOf(*context)));
        KVWIRE_ASSIGN_OR_RETURN(const auto message, store_.Find(asked.run_id()));
        const double wait = std::clamp(asked.wait_seconds(), 0.0, kLongestWaitSeconds);
        *books.mutable_ledger() = message->Ledger(absl::Seconds(wait));
        books.set_snapshot_sha256(message->sha256());
        if (message->payload_bytes().has_value()) {
          books.set_payload_bytes(*message->payload_bytes());
        }
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* BobServiceHost::CloseRun(grpc::CallbackServerContext* context,
                                                   const grpc::ByteBuffer* request,
                                                   grpc::ByteBuffer* response) {
  return new UnaryCall<v1::CloseRunRequest, v1::CloseRunResponse>(
      *context, pool_, memory_, request, response,
      [this, context](const v1::CloseRunRequest& asked,
                      v1::CloseRunResponse& /*closed*/) -> absl::Status {
        KVWIRE_RETURN_IF_ERROR(Claim(asked.run_id(), IdentityOf(*context)));
        store_.Remove(asked.run_id());
        return absl::OkStatus();
      });
}

}  // namespace kvwire
