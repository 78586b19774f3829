#include "server/alice/alice_service.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/bulk_message.h"
#include "common/wire/parameters_conversion.h"
#include "server/alice/alice_generation.h"
#include "server/alice/alice_run.h"
#include "server/calls/event_log.h"
#include "server/calls/peer_identity.h"
#include "server/calls/streams.h"
#include "server/calls/unary_call.h"

namespace kvwire {
namespace {

absl::StatusOr<AliceRun> RunOf(const v1::SpeakOpening& opening,
                               const ChannelSecurity& security) {
  KVWIRE_RETURN_IF_ERROR(CheckProtocolVersion(opening.protocol_version()));
  if (opening.run_id() == 0) return absl::InvalidArgumentError("the run id is 0");
  KVWIRE_ASSIGN_OR_RETURN(const absl::Duration timeout,
                          ConnectTimeoutOf(opening.connect_timeout_seconds()));
  KVWIRE_ASSIGN_OR_RETURN(PublicParameters parameters,
                          ParametersFromProto(opening.parameters()));
  KVWIRE_ASSIGN_OR_RETURN(Endpoint channel, ParseEndpoint(opening.channel_endpoint()));
  return AliceRun{.run_id = opening.run_id(),
                  .parameters = std::move(parameters),
                  .channel = std::move(channel),
                  .channel_security = security,
                  .payload_bytes = opening.has_payload_bytes()
                                       ? std::optional<int64_t>(opening.payload_bytes())
                                       : std::nullopt,
                  .connect_timeout = timeout,
                  .memory_limit_bytes = opening.memory_limit_bytes(),
                  .resume = opening.resume()};
}

void LogRun(uint64_t run_id, const absl::Status& status) {
  LogEvent(status.ok() ? LogLevel::kInfo : LogLevel::kWarning, "run",
           {{"run", RunName(run_id)},
            {"code", absl::StatusCodeToString(status.code())},
            {"message", std::string(status.message())}});
}

// What the bits of a run take: as they came, and as a vector.
int64_t BytesOfBits(int64_t payload_bits) { return 2 * ((payload_bits + 7) / 8); }

class SpeakHandler {
 public:
  SpeakHandler(const AlgorithmClient& algorithm, const ChannelSecurity& security,
               AliceAdmission& admission, RunOwners& owners, Caller caller,
               int64_t chunk_bytes, grpc::ByteBuffer* response)
      : algorithm_(algorithm),
        security_(security),
        admission_(admission),
        owners_(owners),
        caller_(std::move(caller)),
        chunk_bytes_(chunk_bytes),
        response_(response),
        memory_(admission.memory()) {}

  absl::Status Take(const v1::SpeakRequest& request) {
    if (!run_.has_value()) return Open(request);
    const size_t bytes_due = (run_->parameters.payload_bits() + 7) / 8;
    if (request.bits().size() > bytes_due - bytes_.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("more bits came than the L d = ", run_->parameters.payload_bits(),
                       " of the parameters"));
    }
    bytes_ += request.bits();
    return absl::OkStatus();
  }

  absl::Status End() {
    if (!run_.has_value()) return absl::InvalidArgumentError("the stream opened no run");
    const int64_t payload_bits = run_->parameters.payload_bits();
    if (static_cast<int64_t>(bytes_.size()) != (payload_bits + 7) / 8) {
      return absl::InvalidArgumentError(
          absl::StrCat(bytes_.size(), " bytes of bits came where L d = ", payload_bits,
                       " bits were expected"));
    }
    const BitVector bits = BitVector::FromBytes(bytes_, payload_bits);
    absl::StatusOr<v1::SpeakResponse> spoken =
        RunAlice(algorithm_, *run_, bits, cancellation_);
    // Before the answer: whoever has it may begin the next run.
    ticket_.reset();
    LogRun(run_->run_id, spoken.status());
    KVWIRE_RETURN_IF_ERROR(spoken.status());
    *response_ = JoinMessage(*spoken);
    return absl::OkStatus();
  }

  void Cancel() { cancellation_.Cancel(); }
  MemoryBudget& memory() { return admission_.memory(); }

 private:
  absl::Status Open(const v1::SpeakRequest& request) {
    if (!request.has_opening()) {
      return absl::InvalidArgumentError("the first request of Speak is not an opening");
    }
    KVWIRE_ASSIGN_OR_RETURN(ticket_, admission_.Enter(caller_.peer));
    KVWIRE_ASSIGN_OR_RETURN(run_, RunOf(request.opening(), security_));
    KVWIRE_RETURN_IF_ERROR(owners_.Claim(run_->run_id, caller_.identity));
    run_->chunk_bytes = chunk_bytes_;
    return memory_.Raise(BytesOfBits(run_->parameters.payload_bits()));
  }

  const AlgorithmClient& algorithm_;
  const ChannelSecurity& security_;
  AliceAdmission& admission_;
  RunOwners& owners_;
  const Caller caller_;
  const int64_t chunk_bytes_;
  grpc::ByteBuffer* response_;
  PeerQuota::Ticket ticket_;
  MemoryAccount memory_;
  Cancellation cancellation_;
  std::optional<AliceRun> run_;
  std::string bytes_;
};

}  // namespace

grpc::ServerReadReactor<grpc::ByteBuffer>* AliceServiceHost::Speak(
    grpc::CallbackServerContext* context, grpc::ByteBuffer* response) {
  return new StreamReader<v1::SpeakRequest, SpeakHandler>(
      *context, pool_,
      std::make_unique<SpeakHandler>(algorithm_, channel_security_, admission_, owners_,
                                     CallerOf(*context), chunk_bytes_, response));
}

grpc::ServerUnaryReactor* AliceServiceHost::Generate(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  absl::StatusOr<PeerQuota::Ticket> ticket = admission_.Enter(PeerOf(*context));
  // Refused here: on the pool it would wait for one of the others to end.
  if (!ticket.ok()) {
    grpc::ServerUnaryReactor* refusal = context->DefaultReactor();
    refusal->Finish(ToGrpc(ticket.status()));
    return refusal;
  }
  const auto cancellation = std::make_shared<Cancellation>();
  return new UnaryCall<v1::GenerateRequest, v1::GenerateResponse>(
      *context, pool_, admission_.memory(), request, response,
      [this, cancellation, identity = IdentityOf(*context), ticket = *std::move(ticket)](
          const v1::GenerateRequest& wanted,
          v1::GenerateResponse& books) mutable -> absl::Status {
        KVWIRE_RETURN_IF_ERROR(owners_.Claim(wanted.run_id(), identity));
        absl::StatusOr<v1::GenerateResponse> generated = GenerateAndSend(
            algorithm_, channel_security_, model_, wanted, chunk_bytes_, *cancellation);
        // Before the answer: whoever has it may begin the next run.
        ticket.reset();
        LogRun(wanted.run_id(), generated.status());
        KVWIRE_ASSIGN_OR_RETURN(books, std::move(generated));
        return absl::OkStatus();
      },
      [cancellation] { cancellation->Cancel(); });
}

}  // namespace kvwire
