#include "server/alice/alice_transfer.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/ledger_payload.h"
#include "common/wire/stall_guard.h"
#include "common/wire/status_conversion.h"
#include "kvwire/v1/channel.grpc.pb.h"
#include "server/alice/alice_sender.h"

namespace kvwire {
namespace {

// How long the last acknowledgements may take after the connection is shut down.
constexpr absl::Duration kCloseTime = absl::Seconds(10);

// Whether another connection may do where one ended so. What Bob says of the message, the
// run or the caller he would say again. A stream that is under way already ends when he is
// asked; a message that he has already does not.
bool MayHeal(const absl::Status& status, bool has_message) {
  switch (status.code()) {
    case absl::StatusCode::kAlreadyExists:
      return !has_message;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return false;
    default:
      return true;
  }
}

class Attempts {
 public:
  Attempts(const TransferOptions& options, MessageSource source, Cancellation& cancellation)
      : options_(options), source_(source), cancellation_(cancellation) {}

  absl::StatusOr<Transfer> Run(MeasuredChannel connection) {
    absl::Status status = Attempt(std::move(connection), /*ask=*/options_.resume);
    while (!status.ok() && may_heal_ && fruitless_ < kFruitlessConnections) {
      if (!cancellation_.SleepFor(Backoff())) {
        status = absl::CancelledError("the run was cancelled");
        break;
      }
      absl::StatusOr<MeasuredChannel> next =
          ConnectMeasured(options_.channel, options_.patience, "Bob's channel",
                          options_.security, &cancellation_);
      if (!next.ok()) {
        status = next.status();
        break;
      }
      const absl::Status attempt = Attempt(*std::move(next), /*ask=*/true);
      // To one who cannot be asked the message cannot be sent but once.
      if (!absl::IsUnimplemented(attempt)) status = attempt;
    }
    if (!status.ok()) return WithLedger(status, transfer_.ledger);
    return std::move(transfer_);
  }

 private:
  // One connection, from its beginning to its end in the books.
  absl::Status Attempt(MeasuredChannel connection, bool ask) {
    ++fruitless_;
    const uint32_t id = ask ? RandomId() : 0;
    absl::Status status;
    {
      StallGuard guard(connection.meter, options_.patience);
      status = Stream(*connection.channel, ask, id, guard);
      if (guard.stalled() && !cancellation_.cancelled()) {
        status = absl::UnavailableError("Bob's channel stood still for too long");
      }
    }
    // The connection ends with the last that holds the channel.
    connection.channel.reset();
    v1::TcpCount& row = *transfer_.ledger.add_connections();
    row = status.ok() ? connection.meter.CountWhole(kCloseTime)
                      : connection.meter.Count(kBrokenCloseTime);
    row.set_connection_id(id);
    row.set_ended(!metered_     ? v1::CONNECTION_END_KILLED
                  : status.ok() ? v1::CONNECTION_END_CLEAN
                                : v1::CONNECTION_END_RESET);
    return status;
  }

  absl::Status Stream(grpc::Channel& channel, bool ask, uint32_t id, StallGuard& guard) {
    may_heal_ = metered_ = true;
    int64_t begin = 0;
    if (ask) {
      KVWIRE_ASSIGN_OR_RETURN(begin, WhereToGoOn(channel, id, guard));
    }
    began_ = true;
    v1::SendRequest opening;
    opening.set_run_id(options_.run_id);
    opening.set_parameters_digest(options_.parameters_digest);
    if (options_.payload_bytes.has_value()) opening.set_payload_bytes(*options_.payload_bytes);
    opening.set_connection_id(id);
    opening.set_write_offset(begin);
    MessageSender sender(channel, opening, options_.chunk_bytes, cancellation_, guard);
    absl::Status from_bob;
    const absl::Status made = source_([&](absl::Cord piece) {
      from_bob = sender.Write(std::move(piece));
      return from_bob;
    });
    absl::Status status = made;
    if (made.ok()) status = from_bob = sender.Finish();
    may_heal_ =
        !from_bob.ok() && MayHeal(from_bob, has_message_) && !cancellation_.cancelled();
    metered_ = sender.metered() || sender.message_count() == 0;
    NoteSent(sender);
    return status;
  }

  absl::StatusOr<int64_t> WhereToGoOn(grpc::Channel& channel, uint32_t id, StallGuard& guard) {
    const absl::StatusOr<int64_t> committed = CommittedSize(channel, id, guard);
    metered_ = guard.meter().Connected();
    KVWIRE_RETURN_IF_ERROR(committed.status());
    if (!metered_) return absl::UnavailableError("Bob's channel broke as he was asked");
    if (*committed > committed_) fruitless_ = 1;
    committed_ = *committed;
    v1::ChannelLedger& ledger = transfer_.ledger;
    if (!began_) ledger.set_resumed_at_bytes(committed_);
    ledger.set_resent_bytes(ledger.resent_bytes() + std::max<int64_t>(0, sent_ - committed_));
    return committed_;
  }

  void NoteSent(const MessageSender& sender) {
    v1::ChannelLedger& ledger = transfer_.ledger;
    ledger.set_message_count(ledger.message_count() + sender.message_count());
    ledger.set_message_bytes(ledger.message_bytes() + sender.message_bytes());
    ledger.set_snapshot_bytes(sender.offset());
    sent_ = sender.offset();
    transfer_.sha256 = sender.sha256();
  }

  // What Bob has of the message. An error of his that is not of this connection ends it all.
  absl::StatusOr<int64_t> CommittedSize(grpc::Channel& channel, uint32_t id,
                                        StallGuard& guard) {
    const auto stub = v1::OneWayChannelService::NewStub(
        std::shared_ptr<grpc::Channel>(&channel, [](grpc::Channel*) {}));
    CancellableCall call(cancellation_);
    v1::QueryWriteStatusRequest request;
    request.set_run_id(options_.run_id);
    request.set_connection_id(id);
    v1::QueryWriteStatusResponse response;
    guard.Watch(call.context());
    grpc::Status answer;
    {
      const StallGuard::Wait wait(guard);
      answer = stub->QueryWriteStatus(call.context(), request, &response);
    }
    guard.Watch(nullptr);
    // Not taken for one of a server that is about to end: most that lack a method say no more.
    const absl::Status status = answer.error_code() == grpc::StatusCode::UNIMPLEMENTED
                                    ? FromGrpc(answer)
                                    : FromPeer(answer, "Bob's channel", call.cancelled());
    if (absl::IsNotFound(status)) return 0;
    has_message_ = status.ok() && response.complete();
    if (status.ok() && response.committed_size() >= 0) return response.committed_size();
    if (status.ok()) {
      may_heal_ = false;
      return absl::DataLossError(
          absl::StrCat("Bob says that he has ", response.committed_size(), " bytes"));
    }
    may_heal_ = MayHeal(status, has_message_) && !absl::IsUnimplemented(status) &&
                !cancellation_.cancelled();
    return status;
  }

  // Twice as long each time, and never as long as that of others who broke off together.
  absl::Duration Backoff() {
    constexpr absl::Duration kFirst = absl::Milliseconds(20);
    constexpr absl::Duration kLongest = absl::Seconds(1);
    const absl::Duration pause = std::min(kLongest, kFirst * (1 << std::min(fruitless_, 6)));
    return pause * std::uniform_real_distribution<double>(0.5, 1.5)(random_);
  }

  uint32_t RandomId() { return std::uniform_int_distribution<uint32_t>(1)(random_); }

  // Of a connection that broke, the counts are what they are.
  static constexpr absl::Duration kBrokenCloseTime = absl::Milliseconds(100);

  const TransferOptions& options_;
  MessageSource source_;
  Cancellation& cancellation_;
  std::random_device random_;
  Transfer transfer_;
  bool may_heal_ = true;
  int fruitless_ = 0;      // connections in a row over which nothing more was committed
  int64_t committed_ = 0;  // when Bob was last asked
  // Whether all calls went over the connection that is counted. One that breaks before a call
  // begins gRPC makes anew, and there nobody counts.
  bool metered_ = true;
  bool has_message_ = false;  // likewise: it is sealed
  int64_t sent_ = 0;          // up to where the last stream came
  bool began_ = false;        // whether there was one
};

}  // namespace

absl::StatusOr<Transfer> TransferMessage(MeasuredChannel first, const TransferOptions& options,
                                         MessageSource source, Cancellation& cancellation) {
  return Attempts(options, source, cancellation).Run(std::move(first));
}

}  // namespace kvwire
