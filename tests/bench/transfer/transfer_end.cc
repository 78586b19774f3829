// One end of a transfer, for transfer_bench.py:
//   transfer_end receive MODE HOST BYTES   prints "listening PORT"
//   transfer_end send MODE HOST:PORT BYTES
// Each line on stdin asks for a line of JSON: of the sender one transfer, of the receiver
// what arrived. The end of stdin ends it.

#include <sys/mman.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/checksum.h"
#include "common/base/status_macros.h"
#include "common/wire/transport_tuning.h"
#include "tests/bench/transfer/transfer_mode.h"

namespace kvwire::bench {

absl::StatusOr<std::unique_ptr<Sender>> MakeSender(const std::string& mode,
                                                   const Endpoint& receiver) {
  if (mode == "tcp") return MakeTcpSender(receiver);
  if (mode == "plain") return MakePlainSender(receiver);
  if (mode == "slices" || mode == "assembled") return MakeSliceSender(receiver);
  if (mode == "message") return MakeMessageSender(receiver);
  return absl::InvalidArgumentError(absl::StrCat("no mode ", mode));
}

absl::StatusOr<std::unique_ptr<Receiver>> MakeReceiver(const std::string& mode,
                                                       const std::string& host,
                                                       char* destination, int64_t bytes) {
  if (mode == "tcp") return MakeTcpReceiver(host, destination, bytes);
  if (mode == "plain") return MakePlainReceiver(host, destination, bytes);
  if (mode == "slices") return MakeSliceReceiver(host, nullptr, bytes);
  if (mode == "assembled") return MakeSliceReceiver(host, destination, bytes);
  if (mode == "message") return MakeMessageReceiver(host, bytes);
  return absl::InvalidArgumentError(absl::StrCat("no mode ", mode));
}

namespace {

// Whether the receiver writes into memory that was there before.
bool HasDestination(const std::string& mode) { return mode != "slices" && mode != "message"; }

// The most memory that the process ever had, in KiB.
int64_t PeakKibibytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != "VmHWM:") continue;
  int64_t peak = 0;
  status >> peak;
  return peak;
}

// Memory of `bytes`, every page of it there, all different if `filled`.
char* Memory(int64_t bytes, bool filled) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  auto* words = static_cast<uint64_t*>(memory);
  uint64_t state = 1;
  for (int64_t k = 0; filled && k < bytes / 8; ++k) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    words[k] = state;
  }
  return static_cast<char*>(memory);
}

absl::Status RunSender(const std::string& mode, const std::string& address, int64_t bytes) {
  KVWIRE_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(address));
  KVWIRE_ASSIGN_OR_RETURN(const auto sender, MakeSender(mode, endpoint));
  const std::string_view source(Memory(bytes, /*filled=*/true), bytes);
  const uint32_t crc = Crc32c(source);
  for (std::string line; std::getline(std::cin, line);) {
    KVWIRE_ASSIGN_OR_RETURN(const Transfer transfer, sender->Send(source));
    std::cout << absl::StrCat("{\"seconds\": ", absl::ToDoubleSeconds(transfer.duration),
                              ", \"wire_bytes\": ", transfer.wire_bytes, ", \"crc32c\": ", crc,
                              ", \"peak_kib\": ", PeakKibibytes(), "}")
              << std::endl;
  }
  return absl::OkStatus();
}

absl::Status RunReceiver(const std::string& mode, const std::string& host, int64_t bytes) {
  const bool keeps = HasDestination(mode);
  char* const destination = keeps ? Memory(bytes, /*filled=*/false) : nullptr;
  KVWIRE_ASSIGN_OR_RETURN(const auto receiver, MakeReceiver(mode, host, destination, bytes));
  std::cout << "listening " << receiver->port() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    receiver->Forget();
    const uint32_t crc = keeps ? Crc32c({destination, static_cast<size_t>(bytes)}) : 0;
    std::cout << absl::StrCat("{\"crc32c\": ", crc, ", \"keeps\": ", keeps ? "true" : "false",
                              ", \"peak_kib\": ", PeakKibibytes(), "}")
              << std::endl;
  }
  return absl::OkStatus();
}

absl::Status Run(const std::string& role, const std::string& mode, const std::string& address,
                 const std::string& size) {
  int64_t bytes = 0;
  if (!absl::SimpleAtoi(size, &bytes) || bytes < 1) {
    return absl::InvalidArgumentError("BYTES is not a positive number");
  }
  // The plain stream is what it is without our settings.
  if (mode != "plain") TuneProcess();
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  if (role == "send") return RunSender(mode, address, bytes);
  if (role == "receive") return RunReceiver(mode, address, bytes);
  return absl::InvalidArgumentError("the role is neither send nor receive");
}

}  // namespace
}  // namespace kvwire::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: transfer_end send|receive MODE HOST[:PORT] BYTES" << std::endl;
    return 2;
  }
  const absl::Status status = kvwire::bench::Run(argv[1], argv[2], argv[3], argv[4]);
  if (status.ok()) return 0;
  std::cerr << "transfer_end: " << status << std::endl;
  return 1;
}
