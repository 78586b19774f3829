// Taking up any bytes as a file that an earlier process left in Bob's spool: nothing, or a
// message of which every byte was under a checksum, that goes on where it broke off, and
// that the next process finds as it was left.
//
// The first byte says what the file is called: odd, that of a sealed message.

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/checksum.h"
#include "server/bob/bob_spool.h"
#include "tests/fuzz/fuzz_require.h"
#include "tests/fuzz/memory_folder.h"
#include "tests/fuzz/spool_input.h"

namespace kvwire {
namespace {

using Code = absl::StatusCode;
using Files = std::vector<std::unique_ptr<SpoolFile>>;

const MemoryFolder& Folder() {
  static const MemoryFolder folder("spool-fuzz");
  return folder;
}

// What a process that starts finds; it holds the spool for as long as it lives.
struct Process {
  std::unique_ptr<Spool> spool = Opened();
  Files files = Recovered(*spool);

  static std::unique_ptr<Spool> Opened() {
    auto spool = Spool::Open(Folder().path());
    RequireOk(spool.status(), "the spool is free");
    return *std::move(spool);
  }
  static Files Recovered(const Spool& spool) {
    auto files = spool.Recover();
    RequireOk(files.status(), "a damaged file does not keep Bob from starting");
    return *std::move(files);
  }
};

// The whole message, or DATA_LOSS; of one that is not sealed every byte was checked.
absl::StatusOr<std::string> Contents(const SpoolFile& file) {
  std::string contents;
  while (true) {
    const auto piece = file.Read(static_cast<int64_t>(contents.size()), 7);
    if (!piece.ok()) {
      RequireCode(piece.status(), {Code::kDataLoss});
      Require(file.sealed(), "what is taken up can be read");
      return piece.status();
    }
    if (piece->empty()) break;
    contents += *piece;
  }
  Require(static_cast<int64_t>(contents.size()) == file.stored_bytes(),
          "what is stored can be read");
  return contents;
}

// A message as a process leaves it.
struct Left {
  MessageOpening opening;
  std::optional<std::string> owner;
  std::vector<SpooledConnection> connections;
  bool sealed = false;
  std::string contents;
};

void RequireFoundAs(const Left& left) {
  const Process later;
  Require(later.files.size() == 1, "the next process finds the message");
  const SpoolFile& again = *later.files.front();
  RequireOk(again.damage(), "what was written is whole");
  Require(again.opening() == left.opening, "the opening is as it was left");
  Require(again.owner() == left.owner, "a message stays its owner's");
  Require(again.connections() == left.connections, "connections are as they were left");
  Require(again.sealed() == left.sealed, "a message stays sealed");
  const auto contents = Contents(again);
  Require(contents.ok() && *contents == left.contents, "the message is as it was left");
}

void Append(SpoolFile& file, std::string_view bytes) {
  RequireOk(file.Append({.pieces = {&bytes, 1},
                         .bytes = static_cast<int64_t>(bytes.size()),
                         .crc32c = Crc32c(bytes),
                         .message_bytes = 1}),
            "a message goes on where it broke off");
  RequireOk(file.Sync(), "the disk works");
  Require(file.committed_bytes() == file.stored_bytes(), "what is on the disk is committed");
}

void TryFile(std::unique_ptr<Process> process) {
  SpoolFile& file = *process->files.front();
  Require(file.committed_bytes() <= file.stored_bytes(), "what is committed is stored");
  if (!file.damage().ok()) return RequireCode(file.damage(), {Code::kDataLoss});
  auto contents = Contents(file);
  if (!contents.ok()) return;
  Require(file.committed_bytes() == file.stored_bytes(), "what was found is on the disk");
  if (!file.sealed()) {
    Append(file, "and on");
    *contents += "and on";
  }
  if (!file.owner().has_value()) RequireOk(file.SetOwner("whoever asks"), "the disk works");
  const Left left = {file.opening(), file.owner(), file.connections(), file.sealed(),
                     *contents};
  // Only then can the next one have the spool.
  process.reset();
  RequireFoundAs(left);
}

}  // namespace
}  // namespace kvwire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kvwire;
  if (size < 1) return 0;
  Folder().Empty();
  const bool sealed = data[0] % 2 != 0;
  std::ofstream(Folder().path() + "/" + SpoolFileName(kFuzzedRun, sealed), std::ios::binary)
      .write(reinterpret_cast<const char*>(data + 1), static_cast<std::streamsize>(size - 1));
  auto process = std::make_unique<Process>();
  Require(process->files.size() <= 1, "one file is one message");
  if (!process->files.empty()) TryFile(std::move(process));
  return 0;
}
