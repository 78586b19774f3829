#ifndef KVWIRE_CLIENT_SWEEP_TEXT_FILE_H_
#define KVWIRE_CLIENT_SWEEP_TEXT_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace kvwire {

// The file's text, or that of standard input for "-". Returns INVALID_ARGUMENT, naming it, if
// it cannot be read or is over a gigabyte.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_TEXT_FILE_H_
