// Alice's and Bob's ends of the channel as they are: books, checksums, the SHA-256 of the
// whole at both ends, and what Bob stores it in.

#include "absl/strings/cord.h"
#include "absl/time/clock.h"
#include "common/base/cord_views.h"
#include "common/base/status_macros.h"
#include "common/reduction/parameters.h"
#include "server/alice/alice_transfer.h"
#include "server/bob/bob_channel_service.h"
#include "tests/bench/transfer/transfer_mode.h"
#include "tests/bench/transfer/tuned_server.h"

namespace kvwire::bench {
namespace {

absl::Status WritePieces(std::string_view source,
                         absl::FunctionRef<absl::Status(absl::Cord)> write) {
  constexpr size_t kPieceBytes = size_t{1} << 20;  // as algorithms hand it out
  for (; !source.empty(); source.remove_prefix(std::min(source.size(), kPieceBytes))) {
    KVWIRE_RETURN_IF_ERROR(
        write(absl::MakeCordFromExternal(CordView(source.substr(0, kPieceBytes)), [] {})));
  }
  return absl::OkStatus();
}

class ChannelSender final : public Sender {
 public:
  explicit ChannelSender(const Endpoint& receiver) : receiver_(receiver) {}

  absl::StatusOr<Transfer> Send(std::string_view source) override {
    KVWIRE_ASSIGN_OR_RETURN(MeasuredChannel connection,
                            ConnectMeasured(receiver_, absl::Seconds(10), "the receiver"));
    const absl::Time start = absl::Now();
    Cancellation cancellation;
    const TransferOptions options{
        .channel = receiver_,
        .run_id = ++run_id_,
        .parameters_digest = std::string(kParametersDigestBytes, 'd'),
        .patience = absl::Seconds(10)};
    KVWIRE_ASSIGN_OR_RETURN(const kvwire::Transfer sent,
                            TransferMessage(
                                std::move(connection), options,
                                [source](absl::FunctionRef<absl::Status(absl::Cord)> write) {
                                  return WritePieces(source, write);
                                },
                                cancellation));
    return Transfer{.duration = absl::Now() - start,
                    .wire_bytes = sent.ledger.connections(0).sent_bytes()};
  }

 private:
  const Endpoint receiver_;
  uint64_t run_id_ = 0;
};

class ChannelReceiver final : public Receiver {
 public:
  ChannelReceiver(const std::string& host, int64_t bytes)
      : store_(bytes), host_(store_, pool_, memory_, endpoint_), server_(host, host_) {
    endpoint_ = {host, server_.port()};
  }
  int port() const override { return server_.port(); }
  void Forget() override { store_.Remove(++forgotten_); }

 private:
  uint64_t forgotten_ = 0;
  MessageStore store_;
  MemoryBudget memory_{int64_t{64} << 20};
  WorkPool pool_{2};
  Endpoint endpoint_;
  OneWayChannelHost host_;
  TunedServer server_;
};

}  // namespace

std::unique_ptr<Sender> MakeMessageSender(const Endpoint& receiver) {
  return std::make_unique<ChannelSender>(receiver);
}

std::unique_ptr<Receiver> MakeMessageReceiver(const std::string& host, int64_t bytes) {
  return std::make_unique<ChannelReceiver>(host, bytes);
}

}  // namespace kvwire::bench
