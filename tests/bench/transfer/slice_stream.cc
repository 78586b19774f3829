// Messages as Alice's (alice_sender.h), from slices to slices, without her books and the
// SHA-256 of the whole: what the transport itself takes.

#include <grpcpp/grpcpp.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <cstring>

#include "absl/strings/cord.h"
#include "absl/time/clock.h"
#include "common/base/checksum.h"
#include "common/base/cord_views.h"
#include "common/base/status_macros.h"
#include "common/wire/bulk_calls.h"
#include "common/wire/bulk_message.h"
#include "common/wire/channels.h"
#include "common/wire/status_conversion.h"
#include "kvwire/v1/channel.grpc.pb.h"
#include "server/alice/alice_sender.h"
#include "server/calls/acknowledged_reader.h"
#include "tests/bench/transfer/transfer_mode.h"
#include "tests/bench/transfer/tuned_server.h"

namespace kvwire::bench {
namespace {

constexpr int kData = v1::SendRequest::kDataFieldNumber;

class SliceSender final : public Sender {
 public:
  explicit SliceSender(const Endpoint& receiver) : receiver_(receiver) {}

  absl::StatusOr<Transfer> Send(std::string_view source) override {
    KVWIRE_ASSIGN_OR_RETURN(MeasuredChannel connection,
                            ConnectMeasured(receiver_, absl::Seconds(10), "the receiver"));
    Transfer transfer;
    const absl::Time start = absl::Now();
    KVWIRE_RETURN_IF_ERROR(SendOver(*connection.channel, source));
    transfer.duration = absl::Now() - start;
    connection.channel.reset();
    transfer.wire_bytes = connection.meter.Count(absl::Seconds(10)).sent_bytes();
    return transfer;
  }

 private:
  static absl::Status SendOver(grpc::Channel& channel, std::string_view source) {
    grpc::ClientContext context;
    SendHeadersWithMessage(context);
    const auto stream =
        StartBulkExchange(channel, "/kvwire.v1.OneWayChannelService/Send", &context);
    v1::SendRequest fields;
    int64_t offset = 0;
    while (!source.empty()) {
      const size_t size = std::min<size_t>(source.size(), MessageSender::ChunkBytesAt(offset));
      const std::string_view data = source.substr(0, size);
      source.remove_prefix(size);
      fields.set_write_offset(offset);
      fields.set_crc32c(Crc32c(data));
      offset += static_cast<int64_t>(size);
      grpc::WriteOptions options;
      if (source.empty()) options.set_last_message();
      const absl::Cord piece = absl::MakeCordFromExternal(CordView(data), [] {});
      if (!stream->Write(JoinBulkMessage(fields, kData, piece), options)) break;
    }
    return FromGrpc(stream->Finish());
  }

  const Endpoint receiver_;
};

// Copied while the sum of it has left it in a cache.
constexpr size_t kPartBytes = size_t{1} << 16;

// Copies past the caches, as restoring a state of 64 MiB or more does
// (common/kv/row_content.cc).
void CopyToMemory(std::string_view from, char* to) {
#ifdef __SSE2__
  constexpr size_t kStep = sizeof(__m128i);
  const size_t head = std::min(from.size(), -reinterpret_cast<uintptr_t>(to) % kStep);
  std::memcpy(to, from.data(), head);
  for (to += head, from.remove_prefix(head); from.size() >= kStep;
       to += kStep, from.remove_prefix(kStep)) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(to),
                     _mm_loadu_si128(reinterpret_cast<const __m128i*>(from.data())));
  }
  _mm_sfence();
#endif
  std::memcpy(to, from.data(), from.size());
}

// Verifies the chunks, and copies them where there is a place for them.
class SliceHandler {
 public:
  SliceHandler(char* destination, int64_t bytes) : destination_(destination), bytes_(bytes) {}

  absl::Status Take(const grpc::ByteBuffer& message, grpc::ByteBuffer& /*response*/) const {
    v1::SendRequest fields;
    absl::Cord data;
    KVWIRE_RETURN_IF_ERROR(SplitBulkMessage(message, kData, fields, data));
    if (fields.write_offset() + static_cast<int64_t>(data.size()) > bytes_) {
      return absl::OutOfRangeError("more than was agreed on");
    }
    uint32_t crc = 0;
    int64_t at = fields.write_offset();
    for (const absl::string_view chunk : data.Chunks()) {
      for (std::string_view rest = StdView(chunk); !rest.empty();) {
        const std::string_view part = rest.substr(0, kPartBytes);
        rest.remove_prefix(part.size());
        crc = Crc32c(part, crc);
        if (destination_ != nullptr) CopyToMemory(part, destination_ + at);
        at += static_cast<int64_t>(part.size());
      }
    }
    return crc == fields.crc32c() ? absl::OkStatus() : absl::DataLossError("CRC32C");
  }
  absl::Status End(grpc::ByteBuffer& /*response*/) const { return absl::OkStatus(); }

 private:
  char* const destination_;
  const int64_t bytes_;
};

class SliceService final : public v1::OneWayChannelService::WithRawCallbackMethod_Send<
                               v1::OneWayChannelService::Service> {
 public:
  SliceService(char* destination, int64_t bytes) : destination_(destination), bytes_(bytes) {}

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Send(
      grpc::CallbackServerContext* context) override {
    return new AcknowledgedReader<SliceHandler>(
        *context, pool_, std::make_unique<SliceHandler>(destination_, bytes_));
  }

 private:
  char* const destination_;
  const int64_t bytes_;
  WorkPool pool_{2};
};

class SliceReceiver final : public Receiver {
 public:
  SliceReceiver(const std::string& host, char* destination, int64_t bytes)
      : service_(destination, bytes), server_(host, service_) {}
  int port() const override { return server_.port(); }

 private:
  SliceService service_;
  TunedServer server_;
};

}  // namespace

std::unique_ptr<Sender> MakeSliceSender(const Endpoint& receiver) {
  return std::make_unique<SliceSender>(receiver);
}

std::unique_ptr<Receiver> MakeSliceReceiver(const std::string& host, char* destination,
                                            int64_t bytes) {
  return std::make_unique<SliceReceiver>(host, destination, bytes);
}

}  // namespace kvwire::bench
