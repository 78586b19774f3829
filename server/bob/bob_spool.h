#ifndef KVWIRE_SERVER_BOB_BOB_SPOOL_H_
#define KVWIRE_SERVER_BOB_BOB_SPOOL_H_

// The directory that Bob keeps messages in, so that they outlive his process.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/bob/bob_spool_file.h"

namespace kvwire {

class Spool {
 public:
  // Without a directory: every message is in a file without a name.
  Spool() = default;
  Spool(const Spool&) = delete;  // files refer to it
  Spool& operator=(const Spool&) = delete;
  // Makes the directory if it is missing, and takes it for this process alone. Returns
  // RESOURCE_EXHAUSTED or UNAVAILABLE if that fails, FAILED_PRECONDITION if another process
  // has it. The fault is for tests.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(const std::string& directory,
                                                     SpoolFault fault = nullptr);

  // Whether what is in it outlives the process.
  bool durable() const { return !options_.directory.empty(); }

  // A file for a new message. Errors as SpoolFile::Create. The spool must outlive it.
  absl::StatusOr<std::unique_ptr<SpoolFile>> Create(const MessageOpening& opening) const {
    return SpoolFile::Create(options_, opening);
  }

  // What an earlier process left, in the order of the names. Deletes parts of messages that
  // not even an opening is left of. Returns an error if the directory or a file in it
  // cannot be read.
  absl::StatusOr<std::vector<std::unique_ptr<SpoolFile>>> Recover() const;

 private:
  SpoolOptions options_;
  SpoolDescriptor lock_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_BOB_SPOOL_H_
