#ifndef KVWIRE_SERVER_BOB_BOB_PREFIX_H_
#define KVWIRE_SERVER_BOB_BOB_PREFIX_H_

// Digests of what is stored of a message: the SHA-256 of all, and the CRC32C that a stream
// which resumes is asked for. Both are kept up while chunks come in, and made anew from the
// file where what they cover is no longer what is stored: after a restart, or a disk that
// failed. Not thread-safe.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/checksum.h"
#include "server/bob/bob_spool_file.h"

namespace kvwire {

class PrefixDigests {
 public:
  // Takes the next bytes, which the file has just stored.
  void Append(std::string_view bytes);

  // The CRC32C of all that `file` has stored. Errors as SpoolFile::Read.
  absl::StatusOr<uint32_t> Crc(const SpoolFile& file);
  // The SHA-256 of the same.
  absl::StatusOr<std::string> Digest(const SpoolFile& file);

 private:
  absl::Status CatchUp(const SpoolFile& file, bool crc);

  Sha256 hash_;
  int64_t hashed_ = 0;  // how many bytes it covers
  uint32_t crc_ = 0;
  int64_t summed_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_BOB_PREFIX_H_
