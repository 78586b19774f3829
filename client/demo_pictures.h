#ifndef KVWIRE_CLIENT_DEMO_PICTURES_H_
#define KVWIRE_CLIENT_DEMO_PICTURES_H_

// The demo's first part: one picture through every algorithm.

#include <string>

#include "absl/status/statusor.h"
#include "client/driver.h"
#include "client/run_options.h"

namespace kvwire {

// Sends the built-in picture through every built-in algorithm and a cache that is
// too small, writes what arrives into `folder`, and prints one row a run. Returns
// whether every verdict was good and every lossless algorithm's picture identical.
absl::StatusOr<bool> ShowPictures(Driver& driver, const RunOptions& options,
                                  const std::string& folder);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_DEMO_PICTURES_H_
