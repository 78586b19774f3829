#ifndef KVWIRE_CLIENT_GENERATION_REPORT_H_
#define KVWIRE_CLIENT_GENERATION_REPORT_H_

// What `kvwire generate` says of its runs: a table with a row an algorithm, and JSON.

#include <string>
#include <vector>

#include "client/generation_run.h"
#include "common/var/relative_error.h"

namespace kvwire {

struct GenerationRow {
  std::string name;                  // of the algorithm, as --algorithm takes it
  GenerationResult result;           // `last_map` is not needed
  RelativeErrors errors;             // of Bob's map, against that made in one piece
  bool identical = false;            // whether the two are the same, to the bit
  std::vector<std::string> reasons;  // one sentence a fault; empty: the verdict is good
};

// What the table is about, and its columns.
std::string GenerationHead(const Generation& generation);

// A line, and one for each of its reasons.
std::string GenerationText(const GenerationRow& row);

// The whole result. `generation.options.scale` is set.
std::string GenerationJson(const Generation& generation,
                           const std::vector<GenerationRow>& rows);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_GENERATION_REPORT_H_
