#ifndef KVWIRE_CLIENT_DELIVERY_H_
#define KVWIRE_CLIENT_DELIVERY_H_

// What arrived, as a file or a picture.

#include <string>

#include "absl/status/statusor.h"
#include "client/picture.h"
#include "client/run_result.h"

namespace kvwire {

// The bytes of the file that Bob holds, of the length that Alice told him. Returns
// DATA_LOSS if that length is absent or longer than the payload.
absl::StatusOr<std::string> ReceivedBytes(const RunResult& result);

// Returns INVALID_ARGUMENT if the file cannot be written.
absl::Status WriteReceivedFile(const std::string& bytes, const std::string& path);

// Writes `pixels` as a picture of the shape of `sent`, and beside it
// NAME.difference.png, black where the two are the same. Errors as WritePicture.
absl::Status WriteReceivedPicture(const Picture& sent, const std::string& pixels,
                                  const std::string& path);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_DELIVERY_H_
