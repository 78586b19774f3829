#include "client/generation_run.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/channel_verdict.h"
#include "client/claim_verdict.h"
#include "client/connection_rows.h"
#include "client/secret_bits.h"
#include "common/base/status_macros.h"
#include "common/kv/registry.h"
#include "common/wire/ledger_payload.h"
#include "common/wire/parameters_conversion.h"
#include "common/wire/rows.h"
#include "common/wire/status_conversion.h"

namespace kvwire {
namespace {

absl::Status AskAlice(Driver& driver, const GenerationRequest& request, bool resume,
                      GenerationResult& result) {
  v1::GenerateRequest message;
  message.set_protocol_version(kProtocolVersion);
  message.set_run_id(result.run_id);
  *message.mutable_parameters() = GenerationToProto(request.generation);
  message.set_initial_token(RowsToBytes(request.x_init));
  message.set_channel_endpoint(driver.channel_endpoint());
  message.set_connect_timeout_seconds(absl::ToDoubleSeconds(driver.timeout()));
  message.set_memory_limit_bytes(request.memory_limit_bytes);
  message.set_resume(resume);
  grpc::ClientContext context;
  v1::GenerateResponse response;
  const absl::Status spoken =
      FromPeer(driver.alice().Generate(&context, message, &response), "Alice");
  if (const auto books = LedgerOf(spoken)) AppendLedger(*books, result.alice);
  KVWIRE_RETURN_IF_ERROR(spoken);
  AppendLedger(response.ledger(), result.alice);
  result.alice_sha256 = response.message_sha256();
  result.state_bits = response.state_bits();
  result.section_count = response.section_count();
  result.alice_process_id = response.algorithm_process_id();
  result.alice_seconds = response.generate_seconds();
  result.transfer_seconds = response.transfer_seconds();
  // Her last map has the size that the parameters say, whatever she calls it.
  if (response.token_map_bytes() == result.token_map_bytes) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      "Alice says that ", response.token_map_bytes(),
      " bytes of her message are her token map, which has ", result.token_map_bytes));
}

absl::Status AskBob(Driver& driver, const GenerationRequest& request,
                    GenerationResult& result) {
  const Generation& generation = request.generation;
  const int64_t side = generation.options.sides.back();
  v1::GenerateLastRequest message;
  message.set_protocol_version(kProtocolVersion);
  message.set_run_id(result.run_id);
  *message.mutable_parameters() = GenerationToProto(generation);
  message.set_memory_limit_bytes(request.memory_limit_bytes);
  grpc::ClientContext context;
  const auto reader = driver.bob().GenerateLast(&context, message);
  const auto wanted = static_cast<size_t>(side * side * generation.dims) * sizeof(float);
  std::string bytes;
  v1::GenerateLastResponse piece;
  while (bytes.size() <= wanted && reader->Read(&piece)) bytes += piece.tokens();
  if (bytes.size() > wanted) context.TryCancel();
  const absl::Status finished = FromPeer(reader->Finish(), "Bob");
  if (bytes.size() <= wanted) KVWIRE_RETURN_IF_ERROR(finished);
  absl::StatusOr<Matrix> map = RowsFromBytes(bytes, side * side, generation.dims, "last map");
  if (!map.ok()) {
    return absl::InternalError(
        absl::StrCat("Bob's answer is no map: ", map.status().message()));
  }
  result.last_map = *std::move(map);
  result.bob_seconds = piece.generate_seconds();
  result.bob_process_id = piece.algorithm_process_id();
  return absl::OkStatus();
}

absl::Status Deliver(Driver& driver, const GenerationRequest& request, bool resume,
                     GenerationResult& result) {
  KVWIRE_RETURN_IF_ERROR(AskAlice(driver, request, resume, result));
  KVWIRE_ASSIGN_OR_RETURN(const v1::GetLedgerResponse books, driver.BobsBooks(result.run_id));
  result.bob = books.ledger();
  result.bob_sha256 = books.snapshot_sha256();
  KVWIRE_RETURN_IF_ERROR(CheckBooks(result.alice, result.bob, result.state_bits));
  MatchConnections(result.alice, result.bob);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GenerationResult> RunGeneration(Driver& driver,
                                               const GenerationRequest& request) {
  GenerationResult result{.run_id = RandomRunId(),
                          .generation = request.generation,
                          .token_map_bytes = request.generation.HandoverMapBytes()};
  const absl::Cleanup close = [&driver, run_id = result.run_id] { driver.CloseRun(run_id); };
  const absl::Status status = driver.Persist(
      result.run_id, [&](bool resume) { return Deliver(driver, request, resume, result); },
      [&] { return AskBob(driver, request, result); });
  KVWIRE_RETURN_IF_ERROR(status);
  return result;
}

absl::StatusOr<Matrix> GenerateWhole(const GenerationRequest& request,
                                     const std::optional<ModelWeights>& model) {
  KVWIRE_ASSIGN_OR_RETURN(const VarTransformer transformer,
                          MakeTransformer(request.generation, model, request.x_init));
  CacheSetup setup;
  setup.dims = request.generation.dims;
  KVWIRE_ASSIGN_OR_RETURN(setup.spec, ParseBuiltInSpec("exact"));
  KVWIRE_ASSIGN_OR_RETURN(const auto cache, CreateCache(setup));
  const auto attend = [&](const ScaleTokens& tokens) -> absl::StatusOr<Matrix> {
    const int64_t total = tokens.queries.rows();
    // The only fault that tokens made here can have.
    KVWIRE_RETURN_IF_ERROR(Annotate(cache->Append({.rows = total,
                                                   .queries = tokens.queries.data(),
                                                   .keys = tokens.keys.data(),
                                                   .values = tokens.values.data()}),
                                    "the numbers of this generation outgrow float32"));
    Matrix outputs(total, tokens.queries.cols());
    const int64_t step = RowsPerMessage(tokens.queries.cols());
    for (int64_t first = 0; first < total; first += step) {
      const int64_t rows = std::min(step, total - first);
      KVWIRE_RETURN_IF_ERROR(cache->Attend(tokens.queries.middleRows(first, rows),
                                           outputs.middleRows(first, rows)));
    }
    return outputs;
  };
  return transformer.Generate(1, transformer.scales(), request.x_init, attend);
}

std::vector<std::string> JudgeGeneration(const GenerationResult& result,
                                         bool allow_shared_algorithm) {
  std::vector<std::string> reasons;
  JudgeChannel(result.alice, result.bob, reasons);
  if (result.alice_sha256 != result.bob_sha256) {
    reasons.push_back("Bob holds another message than Alice sent: their SHA-256 differ");
  }
  JudgeClaim({.state_bits = result.state_bits,
              .section_count = result.section_count,
              .snapshot_bytes = result.snapshot_bytes()},
             reasons);
  if (result.alice_process_id == result.bob_process_id && !allow_shared_algorithm) {
    reasons.push_back(
        "Alice and Bob use one algorithm process, which could pass the cache beside the "
        "message; give each their own, or say --allow-shared-algorithm");
  }
  return reasons;
}

}  // namespace kvwire
