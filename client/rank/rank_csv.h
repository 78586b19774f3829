#ifndef KVWIRE_CLIENT_RANK_RANK_CSV_H_
#define KVWIRE_CLIENT_RANK_RANK_CSV_H_

// A comparison as comma-separated values (RFC 4180, but with line feeds): a line an
// algorithm and workload, ready to be plotted.

#include <string>

#include "absl/types/span.h"
#include "client/rank/rank_row.h"

namespace kvwire {

// The columns: workload, tokens, d, spec, algorithm, server, kind, outcome (measured,
// refused or failed), seeds, restore_equal (yes, no or nothing), verdict (ok or failed),
// then mean, low and high of each statistic (nothing where there is no such number), then
// reason.
std::string RankCsv(absl::Span<const RankTable> tables);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_RANK_CSV_H_
