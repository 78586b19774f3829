#ifndef KVWIRE_SERVER_BOB_BOB_SPOOL_FILE_H_
#define KVWIRE_SERVER_BOB_BOB_SPOOL_FILE_H_

// One message on Bob's disk: a log of records (bob_spool_record.h) in a file that is called
// RUN.part until the message is whole, and RUN.message from then on; or in a file without
// a name, for a Bob who keeps nothing. Not thread-safe, but that Read may run beside
// anything once the message is sealed.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/bob/bob_spool_calls.h"
#include "server/bob/bob_spool_record.h"

namespace kvwire {

struct SpoolOptions {
  std::string directory;  // empty: files without names in TMPDIR
  SpoolFault fault;       // for tests; absent: calls fail when they fail
};

// RUN.message or RUN.part, the run in 16 hexadecimal digits.
std::string SpoolFileName(uint64_t run_id, bool sealed);

// A chunk as the channel brought it.
struct SpoolChunk {
  absl::Span<const std::string_view> pieces;  // its bytes, in order
  int64_t bytes = 0;                          // how many they are
  uint32_t crc32c = 0;                        // theirs; taken as checked
  uint32_t message_bytes = 0;
};

class SpoolFile {
 public:
  // More chunks are refused, for each takes 16 bytes of memory here.
  static constexpr size_t kMaxChunks = size_t{1} << 18;
  static constexpr size_t kMaxConnections = 1000;
  // A named file waits for its disk at least this often.
  static constexpr int64_t kSyncBytes = int64_t{4} << 20;

  // A new file for the message. `options` must outlive it. Returns RESOURCE_EXHAUSTED or
  // UNAVAILABLE if it cannot be made.
  static absl::StatusOr<std::unique_ptr<SpoolFile>> Create(const SpoolOptions& options,
                                                           const MessageOpening& opening);

  // Takes up the file `name` of the directory where an earlier process left it. Cuts off
  // what was not written whole, and seals a message whose end was. A sealed message that is
  // no longer whole is taken up as damaged. Returns DATA_LOSS if nothing can be made of it.
  static absl::StatusOr<std::unique_ptr<SpoolFile>> Recover(const SpoolOptions& options,
                                                            const std::string& name);

  // Appends a chunk. If it cannot be stored nothing of it is, or, after a disk that failed,
  // nothing since the last Sync either. Errors as SpoolError, and RESOURCE_EXHAUSTED beyond
  // kMaxChunks.
  absl::Status Append(const SpoolChunk& chunk);
  // Waits until all that was appended is on the disk: committed_bytes grows to all of it.
  // Nothing to do for a nameless file.
  absl::Status Sync();
  // Records the end, waits for the disk, and gives the file its final name. May be called
  // again after an error. `message_bytes` as in SpoolChunk, 0 if a chunk came with it.
  absl::Status Seal(const std::string& sha256, uint32_t message_bytes);
  // Records a connection, or what became of it. Lost with the process unless Sync follows.
  absl::Status Record(const SpooledConnection& connection);
  // Counts a gRPC message that said again what sealed this one. As Record, and if it cannot be
  // written it is not counted: the message is whole all the same.
  void CountRepeat(uint32_t message_bytes);
  // Records whose the message is and waits for the disk. Call once at most; may be called
  // again after an error.
  absl::Status SetOwner(const std::string& identity);
  // Deletes the file. Nothing more is written, but what is there may still be read.
  void Remove();

  // Up to `size` bytes of the message at `offset`, checked; none at its end. Returns
  // DATA_LOSS if they are no longer those that were written.
  absl::StatusOr<std::string> Read(int64_t offset, int64_t size) const;

  const MessageOpening& opening() const { return opening_; }
  const std::optional<std::string>& owner() const { return owner_; }
  // Bytes of the message that are stored, and of these the ones on the disk.
  int64_t stored_bytes() const { return stored_; }
  int64_t committed_bytes() const { return named() ? synced_.stored : stored_; }
  bool sealed() const { return sealed_; }
  // Why nothing more can be done with the file, if so.
  const absl::Status& damage() const { return damage_; }
  const std::string& sha256() const { return sha256_; }  // of a sealed message
  // The channel's messages that brought what is stored, and their bytes.
  int64_t message_count() const { return message_count_; }
  int64_t message_bytes() const { return message_bytes_; }
  const std::vector<SpooledConnection>& connections() const { return connections_; }

 private:
  // Where a chunk's record begins, and the byte of the message that its body begins with.
  struct Extent {
    int64_t position;
    int64_t offset;
  };
  // What a Sync has made certain, to fall back to.
  struct Mark {
    int64_t end = 0;
    int64_t stored = 0;
    size_t extents = 0;
    int64_t message_count = 0;
    int64_t message_bytes = 0;
  };

  SpoolFile(const SpoolOptions& options, MessageOpening opening);

  bool named() const { return !name_.empty(); }
  absl::Status Put(const SpoolHeader& header, absl::Span<const std::string_view> body);
  absl::Status SyncFile();
  absl::Status CutTo(int64_t end, absl::Status why);
  absl::Status Scan(bool check_chunks);
  absl::Status TakeRecord(const SpoolHeader& header, std::string_view body);
  absl::Status ReadChunk(size_t extent, std::string& bytes) const;
  int64_t EndOf(size_t extent) const;
  void Note(const SpooledConnection& connection);
  void Count(const SpoolHeader& header);

  const SpoolOptions& options_;
  MessageOpening opening_;
  std::optional<std::string> owner_;
  std::string name_;
  SpoolDescriptor file_;
  int64_t end_ = 0;  // of the last whole record in the file
  int64_t stored_ = 0;
  Mark synced_;
  bool name_synced_ = false;
  bool finished_ = false;  // the end is recorded
  bool sealed_ = false;
  absl::Status damage_;   // nothing can be read or written any more
  absl::Status removed_;  // nothing can be written any more
  std::string sha256_;
  int64_t message_count_ = 0;
  int64_t message_bytes_ = 0;
  std::vector<Extent> extents_;
  std::vector<SpooledConnection> connections_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_BOB_SPOOL_FILE_H_
