#include "server/algorithm/algorithm_handlers.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>

#include "common/base/cord_views.h"
#include "common/base/status_macros.h"
#include "common/wire/bulk_message.h"
#include "common/wire/parameters_conversion.h"
#include "common/wire/rows.h"

namespace kvwire {
namespace {

// The rows in `bytes`, or null for the all-zero matrix that empty bytes stand for.
absl::StatusOr<const float*> BlockRows(const std::string& bytes, int64_t rows, int64_t dims,
                                       std::string_view what, Matrix& storage) {
  if (bytes.empty()) return nullptr;
  KVWIRE_ASSIGN_OR_RETURN(storage, RowsFromBytes(bytes, rows, dims, what));
  return storage.data();
}

// Looks the session up in the first request of a stream.
absl::Status FindOnce(AlgorithmSessions& sessions, int64_t id, const Caller& caller,
                      std::shared_ptr<AlgorithmSessionState>& session) {
  if (session != nullptr) return absl::OkStatus();
  KVWIRE_ASSIGN_OR_RETURN(session, sessions.Find(id, caller));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CacheSetup> SetupOf(const v1::OpenRequest& request,
                                   int64_t memory_limit_bytes) {
  KVWIRE_RETURN_IF_ERROR(CheckProtocolVersion(request.protocol_version()));
  const int64_t asked = request.memory_limit_bytes();
  const int64_t limit = asked > 0 ? std::min(asked, memory_limit_bytes) : memory_limit_bytes;
  return CacheSetupFromProto(request.parameters(), limit);
}

absl::Status IngestHandler::Take(const v1::IngestRequest& request) {
  KVWIRE_RETURN_IF_ERROR(FindOnce(sessions_, request.session_id(), caller_, session_));
  const int64_t rows = request.rows();
  if (rows < 0) return absl::InvalidArgumentError("a block has fewer than 0 rows");
  const int64_t dims = session_->setup.dims;
  const int64_t width = session_->setup.row_width();
  Matrix queries, keys, values;
  TokenBlock block{.rows = rows, .closes_scale = request.closes_scale()};
  KVWIRE_ASSIGN_OR_RETURN(block.queries,
                          BlockRows(request.queries(), rows, dims, "queries", queries));
  KVWIRE_ASSIGN_OR_RETURN(block.keys, BlockRows(request.keys(), rows, width, "keys", keys));
  KVWIRE_ASSIGN_OR_RETURN(block.values,
                          BlockRows(request.values(), rows, width, "values", values));
  // Nothing to append: what opens a stream begins no scale.
  if (rows == 0 && !block.closes_scale) return absl::OkStatus();
  const std::lock_guard lock(session_->mutex);
  const MemoryAccount::Scope scope(session_->memory);
  return session_->cache->Append(block);
}

absl::Status IngestHandler::End() {
  if (session_ == nullptr) return absl::NotFoundError("the stream named no session");
  const std::shared_lock lock(session_->mutex);
  v1::IngestResponse response;
  response.set_token_count(session_->cache->tokens());
  response.set_state_bits(session_->cache->StateBits());
  response.set_section_count(static_cast<int64_t>(session_->cache->Sections().size()));
  *response_ = JoinMessage(response);
  return absl::OkStatus();
}

absl::Status WriteSnapshotMessages(
    const KvCache& cache, const CacheSetup& setup,
    absl::FunctionRef<absl::Status(const grpc::ByteBuffer&)> write) {
  const auto write_data = [&](std::string bytes) {
    return write(JoinBulkMessage(v1::SnapshotResponse(),
                                 v1::SnapshotResponse::kDataFieldNumber,
                                 absl::Cord(std::move(bytes))));
  };
  constexpr auto kMessageBytes = static_cast<size_t>(kMaxPieceBytes);
  std::string gathered;
  const absl::Status written = WriteSnapshot(cache, setup, [&](std::string_view piece) {
    const size_t take = std::min(piece.size(), kMessageBytes - gathered.size());
    gathered.append(piece.substr(0, take));
    if (gathered.size() < kMessageBytes) return absl::OkStatus();
    KVWIRE_RETURN_IF_ERROR(write_data(std::exchange(gathered, {})));
    if (take < piece.size()) gathered.reserve(kMessageBytes);
    gathered.append(piece.substr(take));
    return absl::OkStatus();
  });
  KVWIRE_RETURN_IF_ERROR(written);
  return gathered.empty() ? absl::OkStatus() : write_data(std::move(gathered));
}

absl::Status RestoreHandler::Take(const grpc::ByteBuffer& message) {
  v1::RestoreRequest request;
  absl::Cord data;
  KVWIRE_RETURN_IF_ERROR(
      SplitBulkMessage(message, v1::RestoreRequest::kDataFieldNumber, request, data));
  if (reader_ == nullptr) {
    if (!request.has_open()) {
      return absl::InvalidArgumentError(
          "the first request of Restore does not say what to open");
    }
    KVWIRE_ASSIGN_OR_RETURN(CacheSetup setup,
                            SetupOf(request.open(), sessions_.memory_limit_bytes()));
    KVWIRE_ASSIGN_OR_RETURN(session_, sessions_.Prepare(std::move(setup)));
    const MemoryAccount::Scope scope(session_->memory);
    KVWIRE_ASSIGN_OR_RETURN(reader_, SnapshotReader::Create(session_->setup));
  } else if (request.has_open()) {
    return absl::InvalidArgumentError("a later request of Restore opens a second time");
  }
  const MemoryAccount::Scope scope(session_->memory);
  for (const absl::string_view piece : data.Chunks()) {
    KVWIRE_RETURN_IF_ERROR(reader_->Append(StdView(piece)));
  }
  return absl::OkStatus();
}

absl::Status RestoreHandler::End() {
  if (reader_ == nullptr) return absl::InvalidArgumentError("the stream opened nothing");
  const MemoryAccount::Scope scope(session_->memory);
  KVWIRE_ASSIGN_OR_RETURN(std::unique_ptr<KvCache> cache, reader_->Finish());
  v1::RestoreResponse response;
  response.set_state_bits(cache->StateBits());
  KVWIRE_ASSIGN_OR_RETURN(int64_t id,
                          sessions_.Add(std::move(session_), std::move(cache), caller_));
  response.set_session_id(id);
  *response_ = JoinMessage(response);
  return absl::OkStatus();
}

absl::Status AttendHandler::Take(const v1::AttendRequest& request,
                                 v1::AttendResponse& response) {
  KVWIRE_RETURN_IF_ERROR(FindOnce(sessions_, request.session_id(), caller_, session_));
  if (request.rows() < 1) return absl::InvalidArgumentError("a request holds no queries");
  KVWIRE_ASSIGN_OR_RETURN(Matrix queries, RowsFromBytes(request.queries(), request.rows(),
                                                        session_->setup.dims, "queries"));
  Matrix outputs(queries.rows(), queries.cols());
  {
    const std::shared_lock lock(session_->mutex);
    const MemoryAccount::Scope scope(session_->memory);
    KVWIRE_RETURN_IF_ERROR(session_->cache->Attend(queries, outputs));
  }
  response.set_outputs(RowsToBytes(outputs));
  return absl::OkStatus();
}

}  // namespace kvwire
