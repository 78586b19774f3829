#include <algorithm>
#include <atomic>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/base/checksum.h"
#include "common/wire/bulk_message.h"
#include "server/alice/alice_transfer.h"
#include "tests/chaos/bob_in_process.h"
#include "tests/chaos/rounds.h"
#include "tests/chaos/tcp_proxy.h"

namespace kvwire {
namespace {

constexpr int64_t kMessageBytes = 4096;
constexpr int64_t kLimitBytes = int64_t{1} << 26;
constexpr absl::Duration kPatience = absl::Milliseconds(300);

std::string RandomBytes(int64_t size, std::mt19937_64& random) {
  std::string bytes(static_cast<size_t>(size), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// How transfers ended.
struct Outcomes {
  std::mutex mutex;
  int64_t exact = 0;
  int64_t unfired = 0;
  std::map<std::string, int64_t> refused;
  int64_t wrong = 0;
};

void Enter(const std::string& refusal, Outcomes& outcomes) {
  const std::lock_guard lock(outcomes.mutex);
  ++outcomes.refused[refusal];
}

// One transfer, a bit of whose connection is flipped.
void FlipOne(BobInProcess& bob, const std::string& message, const Fault& fault,
             uint64_t run_id, Outcomes& outcomes) {
  TcpProxy proxy(bob.channel);
  proxy.Push(fault);
  Cancellation cancellation;
  const TransferOptions options{.channel = proxy.endpoint(),
                                .run_id = run_id,
                                .parameters_digest = "sixteen bytes :)",
                                .patience = kPatience};
  auto connection = ConnectMeasured(proxy.endpoint(), kPatience, "Bob");
  absl::Status sent = connection.status();
  if (sent.ok()) {
    const auto source = [&](absl::FunctionRef<absl::Status(absl::Cord)> write) {
      return write(absl::Cord(message));
    };
    sent = TransferMessage(*std::move(connection), options, source, cancellation).status();
  }
  const auto held = bob.store.FindSealed(run_id);
  if (proxy.fired(fault.kind) == 0) {
    const std::lock_guard lock(outcomes.mutex);
    ++outcomes.unfired;
  }
  if (!sent.ok()) {
    Enter(absl::StatusCodeToString(sent.code()), outcomes);
  } else if (!held.ok()) {
    Enter("under another run", outcomes);  // the driver asks, and is told NOT_FOUND
  } else if ((*held)->parameters_digest() != options.parameters_digest ||
             (*held)->payload_bytes().has_value()) {
    Enter("of other parameters", outcomes);  // the driver is told FAILED_PRECONDITION
  } else {
    const auto bytes = (*held)->Read(0, 2 * kMessageBytes);
    const std::lock_guard lock(outcomes.mutex);
    ++(bytes.ok() && *bytes == message ? outcomes.exact : outcomes.wrong);
  }
  bob.store.Remove(run_id);
}

bool Print(const char* what, int64_t count, absl::Time start, const Outcomes& outcomes) {
  std::cout << absl::StrFormat("%d %s in %.1f s\n  exact %d, wrong %d, past the end %d\n",
                               count, what, absl::ToDoubleSeconds(absl::Now() - start),
                               outcomes.exact, outcomes.wrong, outcomes.unfired);
  for (const auto& [how, times] : outcomes.refused) {
    std::cout << absl::StrFormat("  refused, %s: %d\n", how, times);
  }
  std::cout << std::flush;
  return outcomes.wrong == 0;
}

}  // namespace

bool ConnectionFlipRound(const RoundOptions& options) {
  // What crosses: the message, 480 bytes around it, and at most 240 that come back.
  constexpr int64_t kBitsToBob = 8 * (kMessageBytes + 480);
  constexpr int64_t kBitsToAlice = 8 * int64_t{240};
  constexpr int64_t kBits = kBitsToBob + kBitsToAlice;
  constexpr int kWorkers = 4;
  std::mt19937_64 random(options.seed);
  const std::string message = RandomBytes(kMessageBytes, random);
  BobInProcess bob(kLimitBytes);
  const int64_t count = options.count == 0 ? kBits : std::min(options.count, kBits);
  const absl::Time start = absl::Now();
  Outcomes outcomes;
  std::atomic<int64_t> next = 0;
  std::vector<std::thread> workers;
  for (int k = 0; k < kWorkers; ++k) {
    workers.emplace_back([&] {
      for (int64_t number = next++; number < count; number = next++) {
        const int64_t bit = number * kBits / count;
        const bool to_bob = bit < kBitsToBob;
        const Fault fault{.kind = to_bob ? FaultKind::kFlipToBob : FaultKind::kFlipToAlice,
                          .after_bytes = (to_bob ? bit : bit - kBitsToBob) / 8,
                          .bit = static_cast<int>(bit % 8)};
        FlipOne(bob, message, fault, 1 + static_cast<uint64_t>(number), outcomes);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  return Print("flipped bits of a connection", count, start, outcomes);
}

bool ChunkFlipRound(const RoundOptions& options) {
  std::mt19937_64 random(options.seed);
  const std::string data = RandomBytes(int64_t{1} << 20, random);
  v1::SendRequest chunk;
  chunk.set_run_id(1);
  chunk.set_parameters_digest("sixteen bytes :)");
  chunk.set_crc32c(Crc32c(data));
  chunk.mutable_finish_write()->set_total_bytes(static_cast<int64_t>(data.size()));
  chunk.mutable_finish_write()->set_sha256(Sha256Of(data));
  chunk.set_data(data);
  std::string bytes = chunk.SerializeAsString();
  // The fields stand before the data, and are as likely to be hit as all of it.
  const uint64_t field_bits = 8 * (bytes.size() - data.size());
  MessageStore store(kLimitBytes);
  const absl::Time start = absl::Now();
  Outcomes outcomes;
  for (int64_t number = 0; number < options.count; ++number) {
    const uint64_t bit = random() % (number % 2 == 0 ? field_bits : 8 * bytes.size());
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    const grpc::Slice slice(bytes.data(), bytes.size(), grpc::Slice::STATIC_SLICE);
    const grpc::ByteBuffer buffer(&slice, 1);
    ReceivedChunk received{.message_bytes = static_cast<int64_t>(bytes.size())};
    absl::Status status = SplitBulkMessage(buffer, v1::SendRequest::kDataFieldNumber,
                                           received.fields, received.data);
    const uint64_t run_id = received.fields.run_id();
    if (status.ok()) {
      auto stream =
          store.Begin(received.fields, /*sender=*/"", std::make_shared<const TcpMeter>());
      status = stream.status();
      if (status.ok()) status = stream->message->Append(stream->number, received);
      if (status.ok()) status = stream->message->EndStream(stream->number);
    }
    const auto held = store.FindSealed(1);
    if (!status.ok()) {
      Enter(absl::StatusCodeToString(status.code()), outcomes);
    } else if (!held.ok()) {
      Enter("under another run", outcomes);
    } else if ((*held)->parameters_digest() != chunk.parameters_digest() ||
               (*held)->payload_bytes().has_value()) {
      Enter("of other parameters", outcomes);
    } else {
      const auto read = (*held)->Read(0, 2 * static_cast<int64_t>(data.size()));
      ++(read.ok() && *read == data ? outcomes.exact : outcomes.wrong);
    }
    store.Remove(run_id);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  }
  return Print("flipped bits of a chunk of 1 MiB", options.count, start, outcomes);
}

}  // namespace kvwire
