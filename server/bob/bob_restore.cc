#include "server/bob/bob_restore.h"

#include <string>
#include <utility>

#include "common/base/status_macros.h"

namespace kvwire {

absl::StatusOr<std::unique_ptr<AlgorithmSession>> RestoreSession(
    const AlgorithmClient& algorithm, const ReceivedMessage& message, int64_t offset,
    const v1::OpenRequest& open, Cancellation& cancellation) {
  constexpr int64_t kPieceBytes = int64_t{1} << 20;
  const auto next = [&](absl::Cord& piece) -> absl::StatusOr<bool> {
    KVWIRE_ASSIGN_OR_RETURN(std::string bytes, message.Read(offset, kPieceBytes));
    piece = absl::Cord(std::move(bytes));
    offset += static_cast<int64_t>(piece.size());
    return !piece.empty();
  };
  return algorithm.Restore(open, next, cancellation);
}

}  // namespace kvwire
