#ifndef KVWIRE_TESTS_SERVER_SENDING_H_
#define KVWIRE_TESTS_SERVER_SENDING_H_

// A message of Alice's on its way to some Bob.

#include <cstdint>
#include <random>
#include <string>
#include <utility>

#include "server/alice/alice_transfer.h"
#include "tests/server/test_services.h"

namespace kvwire {

inline constexpr uint64_t kSendingRun = 6;
inline constexpr absl::Duration kSendingPatience = absl::Seconds(60);

inline std::string TestData() {
  std::mt19937_64 random(11);
  std::string bytes(3000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

struct Sending {
  explicit Sending(const Endpoint& channel)
      : options{.channel = channel,
                .run_id = kSendingRun,
                .parameters_digest = ParametersDigest(SmallParameters()),
                .patience = kSendingPatience,
                .chunk_bytes = 100} {}

  absl::StatusOr<Transfer> Run() {
    auto connection = ConnectMeasured(options.channel, options.patience, "Bob's channel");
    if (!connection.ok()) return connection.status();
    return RunOver(*std::move(connection));
  }

  absl::StatusOr<Transfer> RunOver(MeasuredChannel connection) {
    return TransferMessage(
        std::move(connection), options,
        [this](absl::FunctionRef<absl::Status(absl::Cord)> write) {
          ++made;
          return write(absl::Cord(data));
        },
        cancellation);
  }

  std::string data = TestData();
  TransferOptions options;
  Cancellation cancellation;
  int made = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_SERVER_SENDING_H_
