#ifndef KVWIRE_TESTS_BENCH_TRANSFER_TRANSFER_MODE_H_
#define KVWIRE_TESTS_BENCH_TRANSFER_TRANSFER_MODE_H_

// One way of moving bytes from the memory of one process to that of another. Both ends of
// a measurement are processes of their own, in network namespaces of their own.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/wire/endpoint.h"

namespace kvwire::bench {

// What one transfer took.
struct Transfer {
  // From the first byte handed over until the receiver has said that it has them all; the
  // connection is there before.
  absl::Duration duration;
  // What the kernel counted from here to there; 0: not counted.
  int64_t wire_bytes = 0;
};

class Sender {
 public:
  virtual ~Sender() = default;
  virtual absl::StatusOr<Transfer> Send(std::string_view source) = 0;
};

// Listens from its creation on, and takes any number of transfers, one at a time.
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual int port() const = 0;
  // Drops what came with the last transfer, if it is kept elsewhere than in the destination.
  virtual void Forget() {}
};

// `mode` is one of
//   tcp        send() and recv() of 1 MiB
//   plain      a stream of messages with a field of bytes, generated code, default settings
//   slices     messages as Alice's, their checksums verified, but the bytes not kept
//   assembled  the same, and copied to where they belong
//   message    Alice's and Bob's own ends of the channel, with the SHA-256 of the whole
// The receiver writes to `destination`, [bytes], but for `slices` and `message`.
// Returns INVALID_ARGUMENT on another mode.
absl::StatusOr<std::unique_ptr<Sender>> MakeSender(const std::string& mode,
                                                   const Endpoint& receiver);
absl::StatusOr<std::unique_ptr<Receiver>> MakeReceiver(const std::string& mode,
                                                       const std::string& host,
                                                       char* destination, int64_t bytes);

std::unique_ptr<Sender> MakeTcpSender(const Endpoint& receiver);
std::unique_ptr<Receiver> MakeTcpReceiver(const std::string& host, char* destination,
                                          int64_t bytes);
std::unique_ptr<Sender> MakePlainSender(const Endpoint& receiver);
std::unique_ptr<Receiver> MakePlainReceiver(const std::string& host, char* destination,
                                            int64_t bytes);
std::unique_ptr<Sender> MakeSliceSender(const Endpoint& receiver);
// Null: the bytes are verified where they were received.
std::unique_ptr<Receiver> MakeSliceReceiver(const std::string& host, char* destination,
                                            int64_t bytes);
std::unique_ptr<Sender> MakeMessageSender(const Endpoint& receiver);
std::unique_ptr<Receiver> MakeMessageReceiver(const std::string& host, int64_t bytes);

}  // namespace kvwire::bench

#endif  // KVWIRE_TESTS_BENCH_TRANSFER_TRANSFER_MODE_H_
