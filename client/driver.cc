#include "client/driver.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/connection_rows.h"
#include "common/base/status_macros.h"
#include "common/reduction/soft_floor.h"
#include "common/wire/bulk_calls.h"
#include "common/wire/channels.h"
#include "common/wire/ledger_payload.h"
#include "common/wire/parameters_conversion.h"
#include "common/wire/status_conversion.h"

namespace kvwire {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;
// How long Bob's end of the connection may take to close after Alice's has.
constexpr double kCloseSeconds = 10;

struct Answer {
  std::string bits;
  std::string confidences;
  v1::DecodeSummary summary;
};

// Bob's answer to a question about `size` positions. Returns INTERNAL if it has another
// size, as soon as it is longer.
absl::StatusOr<Answer> ReadAnswer(v1::BobService::Stub& bob, const v1::DecodeRequest& question,
                                  int64_t size) {
  const auto wanted = static_cast<size_t>((size + 7) / 8);
  const size_t wanted_bins = question.confidences() ? static_cast<size_t>(size) : 0;
  grpc::ClientContext context;
  const auto reader = bob.Decode(&context, question);
  v1::DecodeResponse piece;
  Answer answer;
  const auto too_long = [&] {
    return answer.bits.size() > wanted || answer.confidences.size() > wanted_bins;
  };
  while (!too_long() && reader->Read(&piece)) {
    answer.bits += piece.bits();
    answer.confidences += piece.confidences();
    if (piece.has_summary()) answer.summary = piece.summary();
  }
  if (too_long()) context.TryCancel();
  const absl::Status finished = FromPeer(reader->Finish(), "Bob");
  if (!too_long()) KVWIRE_RETURN_IF_ERROR(finished);
  if (answer.bits.size() != wanted || answer.confidences.size() != wanted_bins) {
    return absl::InternalError(absl::StrCat("Bob answered ", answer.bits.size(), " bytes and ",
                                            answer.confidences.size(), " confidences to ",
                                            size, " questions"));
  }
  return answer;
}

// What Bob's confidences prove that the message carried. Returns INTERNAL on a bin that
// is none.
absl::StatusOr<double> SoftFloorOf(const std::string& confidences, const BitVector& answers,
                                   const BitVector& truth) {
  SoftFloor floor;
  for (size_t i = 0; i < confidences.size(); ++i) {
    const int bin = static_cast<unsigned char>(confidences[i]);
    if (bin >= kConfidenceBins) {
      return absl::InternalError(
          absl::StrCat("Bob's confidence ", bin, " is not below ", kConfidenceBins));
    }
    const auto position = static_cast<int64_t>(i);
    floor.Observe(bin, answers.Get(position) == truth.Get(position));
  }
  return floor.floor_bits();
}

// Of the public keys, before anything is made of them: a sign bears any relative error.
absl::StatusOr<Decodability> DecodabilityOf(const PublicParameters& parameters) {
  KVWIRE_ASSIGN_OR_RETURN(const KeyFrame frame, MakeFrame(parameters));
  const bool signs = parameters.decoding.encoding == ValueEncoding::kSigns;
  return MeasureDecodability(frame, parameters.sharpness, signs ? 0 : parameters.decoding.eta);
}

}  // namespace

Driver::Driver(Services& services)
    : services_(services),
      alice_channel_(ControlChannel(services.alice, services.security)),
      bob_channel_(ControlChannel(services.bob, services.security)),
      alice_(v1::AliceService::NewStub(alice_channel_)),
      bob_(v1::BobService::NewStub(bob_channel_)),
      closing_(bob_channel_) {
  alice_channel_->GetState(/*try_to_connect=*/true);
  bob_channel_->GetState(/*try_to_connect=*/true);
}

absl::Status Driver::Connect() {
  const absl::Time deadline = absl::Now() + services_.timeout;
  KVWIRE_RETURN_IF_ERROR(
      WaitConnected(*alice_channel_, services_.alice, services_.timeout, "Alice"));
  KVWIRE_RETURN_IF_ERROR(
      WaitConnected(*bob_channel_, services_.bob, deadline - absl::Now(), "Bob"));
  if (services_.channel.has_value()) {
    channel_endpoint_ = services_.channel->ToString();
    return absl::OkStatus();
  }
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + services_.timeout));
  v1::GetChannelResponse response;
  KVWIRE_RETURN_IF_ERROR(FromPeer(bob_->GetChannel(&context, {}, &response), "Bob"));
  KVWIRE_ASSIGN_OR_RETURN(Endpoint endpoint, ParseEndpoint(response.endpoint()));
  // A wildcard is no address to dial; what reached Bob's other port will do.
  if (endpoint.IsWildcard()) endpoint.host = services_.bob.host;
  channel_endpoint_ = endpoint.ToString();
  return absl::OkStatus();
}

absl::StatusOr<RunResult> Driver::Run(const RunRequest& request) {
  const absl::Time start = absl::Now();
  const int64_t payload_bits = request.parameters.payload_bits();
  RunResult result{.run_id = RandomRunId(),
                   .parameters = request.parameters,
                   .masked = request.masked,
                   .asked_all = request.question.all,
                   .payload_bytes = request.payload_bytes};
  BitVector mask(payload_bits);
  if (request.masked) {
    KVWIRE_ASSIGN_OR_RETURN(mask, request.secret.Draw("mask", payload_bits));
  }
  BitVector masked = request.payload;
  masked.Xor(mask);
  const absl::Cleanup close = [this, run_id = result.run_id] { CloseRun(run_id); };
  const absl::Status status = Persist(
      result.run_id, [&](bool resume) { return Deliver(request, masked, resume, result); },
      [&] { return Examine(request, mask, result); });
  KVWIRE_RETURN_IF_ERROR(status);
  result.total_seconds = absl::ToDoubleSeconds(absl::Now() - start);
  return result;
}

absl::Status Driver::Deliver(const RunRequest& request, const BitVector& masked, bool resume,
                             RunResult& result) {
  KVWIRE_RETURN_IF_ERROR(Speak(request, masked, resume, result));
  KVWIRE_RETURN_IF_ERROR(CollectBobsBooks(result));
  KVWIRE_RETURN_IF_ERROR(CheckBooks(result));
  MatchConnections(result.alice, result.bob);
  return absl::OkStatus();
}

// Asks Bob for what the request wants to know, and then for everything.
absl::Status Driver::Examine(const RunRequest& request, const BitVector& mask,
                             RunResult& result) {
  result.asked.clear();
  result.asked_errors = 0;
  result.attend_seconds = 0;
  if (!request.question.all) {
    const int64_t payload_bits = request.parameters.payload_bits();
    KVWIRE_ASSIGN_OR_RETURN(const std::vector<int64_t> positions,
                            DrawQuestion(request.question, request.secret, payload_bits));
    KVWIRE_ASSIGN_OR_RETURN(const BitVector answer, Ask(request, positions, nullptr, result));
    for (size_t k = 0; k < positions.size(); ++k) {
      const int64_t at = positions[k];
      const bool bit = answer.Get(static_cast<int64_t>(k)) != mask.Get(at);
      result.asked.push_back({at, bit, bit == request.payload.Get(at)});
      if (!result.asked.back().correct) ++result.asked_errors;
    }
    result.asked_bits = static_cast<int64_t>(positions.size());
  }
  if (request.audit) KVWIRE_RETURN_IF_ERROR(AskAll(request, mask, result));
  if (request.save_snapshot.empty()) return absl::OkStatus();
  return SaveSnapshot(result, request.save_snapshot);
}

// The audit of every position, from fresh restores of the sealed message. It is
// also the answer where everything was asked.
absl::Status Driver::AskAll(const RunRequest& request, const BitVector& mask,
                            RunResult& result) {
  std::string confidences;
  KVWIRE_ASSIGN_OR_RETURN(result.audit, Ask(request, {}, &confidences, result));
  result.audit.Xor(mask);
  result.bit_errors = result.audit.Distance(request.payload);
  KVWIRE_ASSIGN_OR_RETURN(result.soft_floor_bits,
                          SoftFloorOf(confidences, result.audit, request.payload));
  if (result.bit_errors > 0) {
    KVWIRE_ASSIGN_OR_RETURN(result.decodability, DecodabilityOf(request.parameters));
  }
  if (request.question.all) {
    result.asked_bits = request.parameters.payload_bits();
    result.asked_errors = result.bit_errors;
  }
  return absl::OkStatus();
}

absl::Status Driver::Speak(const RunRequest& request, const BitVector& masked, bool resume,
                           RunResult& result) {
  grpc::ClientContext context;
  SendHeadersWithMessage(context);
  grpc::ByteBuffer answer;
  const auto writer = StartSend<v1::SpeakRequest>(
      *alice_channel_, MethodPath(v1::AliceService::service_full_name(), "Speak"), &context,
      &answer);
  v1::SpeakRequest message;
  v1::SpeakOpening& opening = *message.mutable_opening();
  opening.set_protocol_version(kProtocolVersion);
  opening.set_run_id(result.run_id);
  *opening.mutable_parameters() = ParametersToProto(request.parameters);
  opening.set_channel_endpoint(channel_endpoint_);
  if (request.payload_bytes.has_value()) opening.set_payload_bytes(*request.payload_bytes);
  opening.set_connect_timeout_seconds(absl::ToDoubleSeconds(services_.timeout));
  opening.set_memory_limit_bytes(request.memory_limit_bytes);
  opening.set_resume(resume);
  bool open = writer->Write(message, WithTheNext());
  const std::string& bytes = masked.bytes();
  for (size_t offset = 0; open && offset < bytes.size(); offset += kPieceBytes) {
    message.set_bits(bytes.substr(offset, kPieceBytes));
    open = writer->Write(message, WithTheNext());
  }
  writer->WritesDone();
  const absl::Status spoken = FromPeer(writer->Finish(), "Alice");
  if (const auto books = LedgerOf(spoken)) AppendLedger(*books, result.alice);
  KVWIRE_RETURN_IF_ERROR(spoken);
  v1::SpeakResponse response;
  KVWIRE_RETURN_IF_ERROR(TakeResponse(answer, "Alice", response));
  AppendLedger(response.ledger(), result.alice);
  result.alice_sha256 = response.snapshot_sha256();
  result.state_bits = response.state_bits();
  result.section_count = response.section_count();
  result.alice_process_id = response.algorithm_process_id();
  result.ingest_seconds = response.ingest_seconds();
  result.snapshot_seconds = response.snapshot_seconds();
  result.transfer_seconds = response.transfer_seconds();
  return absl::OkStatus();
}

absl::StatusOr<BitVector> Driver::Ask(const RunRequest& request,
                                      const std::vector<int64_t>& positions,
                                      std::string* confidences, RunResult& result) {
  const bool all = confidences != nullptr;
  v1::DecodeRequest question;
  question.set_protocol_version(kProtocolVersion);
  question.set_run_id(result.run_id);
  *question.mutable_parameters() = ParametersToProto(request.parameters);
  question.set_all(all);
  question.set_confidences(all);
  question.set_all_queries(all && request.all_queries);
  question.mutable_positions()->Add(positions.begin(), positions.end());
  question.set_memory_limit_bytes(request.memory_limit_bytes);
  const int64_t size =
      all ? request.parameters.payload_bits() : static_cast<int64_t>(positions.size());
  KVWIRE_ASSIGN_OR_RETURN(Answer answer, ReadAnswer(*bob_, question, size));
  result.bob_process_id = answer.summary.algorithm_process_id();
  result.restore_seconds += answer.summary.restore_seconds();
  result.attend_seconds += answer.summary.attend_seconds();
  if (all) {
    *confidences = std::move(answer.confidences);
    result.query_count = answer.summary.query_count();
    result.changed_bits = answer.summary.changed_bits();
  }
  return BitVector::FromBytes(answer.bits, size);
}

absl::StatusOr<v1::GetLedgerResponse> Driver::BobsBooks(uint64_t run_id) {
  grpc::ClientContext context;
  v1::GetLedgerRequest request;
  request.set_run_id(run_id);
  request.set_wait_seconds(kCloseSeconds);
  v1::GetLedgerResponse response;
  KVWIRE_RETURN_IF_ERROR(FromPeer(bob_->GetLedger(&context, request, &response), "Bob"));
  return response;
}

absl::Status Driver::CollectBobsBooks(RunResult& result) {
  KVWIRE_ASSIGN_OR_RETURN(const v1::GetLedgerResponse books, BobsBooks(result.run_id));
  result.bob = books.ledger();
  result.bob_sha256 = books.snapshot_sha256();
  if (books.has_payload_bytes()) result.heard_bytes = books.payload_bytes();
  return absl::OkStatus();
}

}  // namespace kvwire
