#ifndef KVWIRE_CLIENT_RESULT_FILE_H_
#define KVWIRE_CLIENT_RESULT_FILE_H_

// Where a result goes that a flag names a file for.

#include <string>

#include "absl/status/status.h"

namespace kvwire {

// Writes `text` to the file `path`, in place of what is there, or to stdout for "-";
// nothing for "". Returns UNKNOWN, naming it, if it cannot be written.
absl::Status WriteResult(const std::string& path, const std::string& text);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RESULT_FILE_H_
