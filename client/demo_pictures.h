#ifndef KVWIRE_CLIENT_DEMO_PICTURES_H_
#define KVWIRE_CLIENT_DEMO_PICTURES_H_

// The demo's first part: one picture through every algorithm.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/driver.h"
#include "client/run_options.h"

namespace kvwire {

// An algorithm with its options, and whether its picture must come back identical.
struct Exhibit {
  std::string algorithm;
  bool lossless = false;
};

// Every built-in algorithm of ordinary attention, and StreamingLLM with room for half of
// the tokens.
std::vector<Exhibit> AllExhibits();

// Sends the built-in picture through every exhibit, writes what arrives into `folder`,
// prints one row a run and appends its result as JSON to `results`. Returns whether every
// verdict was good and every lossless exhibit's picture identical.
absl::StatusOr<bool> ShowPictures(Driver& driver, const RunOptions& options,
                                  const std::vector<Exhibit>& exhibits,
                                  const std::string& folder,
                                  std::vector<std::string>& results);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_DEMO_PICTURES_H_
