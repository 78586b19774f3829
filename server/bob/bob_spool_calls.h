#ifndef KVWIRE_SERVER_BOB_BOB_SPOOL_CALLS_H_
#define KVWIRE_SERVER_BOB_BOB_SPOOL_CALLS_H_

// The system calls under Bob's spool, each of which a test may make fail.

#include <sys/types.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace kvwire {

enum class SpoolCall { kOpen, kWrite, kSync, kTruncate, kRename, kSyncDirectory, kRead };

// Asked before each call: 0, or the errno that it fails with. A write that fails has
// written half of its bytes, as on a disk that fills up. Must be thread-safe.
using SpoolFault = std::function<int(SpoolCall call)>;

// The status of a failed call: RESOURCE_EXHAUSTED if there is no room, descriptor or
// permission, which trying again does not mend; else UNAVAILABLE. `what` begins the message.
absl::Status SpoolError(std::string_view what, int error);

// A descriptor of a spool file. Owns it. Not thread-safe but for Read.
class SpoolDescriptor {
 public:
  SpoolDescriptor() = default;
  ~SpoolDescriptor();
  SpoolDescriptor(SpoolDescriptor&& other) noexcept;
  SpoolDescriptor& operator=(SpoolDescriptor&& other) noexcept;

  // As open(2), with mode 0600 and close-on-exec.
  static absl::StatusOr<SpoolDescriptor> Open(const std::string& path, int flags,
                                              const SpoolFault& fault);
  // A file in TMPDIR without a name, which goes away with its descriptor.
  static absl::StatusOr<SpoolDescriptor> OpenNameless(const SpoolFault& fault);

  // Writes the pieces, one after the other, at `position`.
  absl::Status Write(absl::Span<const std::string_view> pieces, int64_t position) const;
  // Waits until the data is on the disk.
  absl::Status Sync() const;
  // Lets the disk begin with these bytes, without waiting.
  void StartSync(int64_t position, int64_t size) const;
  absl::Status Truncate(int64_t size) const;
  // Reads `size` bytes at `position`, fewer at the end of the file.
  absl::StatusOr<std::string> Read(int64_t position, int64_t size) const;
  // Reads into two places, one after the other; returns how many bytes there were.
  absl::StatusOr<int64_t> ReadInto(std::array<iovec, 2> places, int64_t position) const;
  // Takes an exclusive lock for as long as the descriptor lives; false if another has it.
  bool Lock() const;

 private:
  SpoolDescriptor(int descriptor, const SpoolFault* fault)
      : descriptor_(descriptor), fault_(fault) {}

  int descriptor_ = -1;
  const SpoolFault* fault_ = nullptr;
};

// Renames a file of `directory`.
absl::Status RenameInSpool(const std::string& directory, const std::string& from,
                           const std::string& to, const SpoolFault& fault);
// Waits until the names in `directory` are on the disk.
absl::Status SyncSpoolDirectory(const std::string& directory, const SpoolFault& fault);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_BOB_SPOOL_CALLS_H_
