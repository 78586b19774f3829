#include "common/wire/measured_restore.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/cord_views.h"
#include "common/base/status_macros.h"
#include "common/wire/channels.h"

namespace kvwire {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;
constexpr absl::Duration kCloseTime = absl::Seconds(10);

absl::StatusOr<int64_t> RestoreOver(const AlgorithmClient& client, const v1::OpenRequest& open,
                                    std::string_view snapshot, Cancellation& cancellation) {
  const auto next = [&snapshot](absl::Cord& piece) -> absl::StatusOr<bool> {
    if (snapshot.empty()) return false;
    piece = absl::Cord(CordView(snapshot.substr(0, kPieceBytes)));
    snapshot.remove_prefix(piece.size());
    return true;
  };
  KVWIRE_ASSIGN_OR_RETURN(const auto session, client.Restore(open, next, cancellation));
  return std::move(*session).Release();
}

}  // namespace

absl::StatusOr<MeasuredRestore> RestoreMeasured(const AlgorithmClient& client,
                                                const v1::OpenRequest& open,
                                                std::string_view snapshot,
                                                absl::Duration timeout,
                                                Cancellation& cancellation) {
  KVWIRE_ASSIGN_OR_RETURN(
      MeasuredChannel connection,
      ConnectMeasured(client.endpoint(), timeout, "the algorithm", client.security()));
  MeasuredRestore restored;
  const absl::Time start = absl::Now();
  // The connection ends with the last that holds the channel.
  KVWIRE_ASSIGN_OR_RETURN(
      const int64_t session_id,
      RestoreOver(
          AlgorithmClient(client.endpoint(), std::exchange(connection.channel, nullptr)), open,
          snapshot, cancellation));
  restored.duration = absl::Now() - start;
  restored.session = std::make_unique<AlgorithmSession>(client, session_id, cancellation);
  restored.connection = connection.meter.CountWhole(kCloseTime);
  if (restored.connection.final()) return restored;
  return absl::InternalError(absl::StrCat("the connection to the algorithm at ",
                                          client.endpoint().ToString(),
                                          " does not close: its bytes cannot be counted"));
}

}  // namespace kvwire
