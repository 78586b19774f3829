#ifndef KVWIRE_CLIENT_RANK_RANK_TEXT_H_
#define KVWIRE_CLIENT_RANK_RANK_TEXT_H_

// A comparison for a person.

#include <string>

#include "client/rank/rank_row.h"

namespace kvwire {

// A table of a workload, smallest state first, then what was refused and why. Behind "+-"
// stands half of the 95 % interval over the seeds; behind "<" its upper end where no seed
// had an error.
std::string RankText(const RankTable& table);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_RANK_TEXT_H_
