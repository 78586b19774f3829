#ifndef KVWIRE_CLIENT_RANK_ROW_SUMMARY_H_
#define KVWIRE_CLIENT_RANK_ROW_SUMMARY_H_

// What the samples of a row say together.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/rank/rank_row.h"
#include "common/statistics/mean_interval.h"

namespace kvwire {

inline constexpr double kRankConfidence = 0.95;

// Mean and Student's interval of a statistic over the seeds; nothing if the row has no
// samples, or one of them no such number. Two samples at least.
//
// Where no seed has a bit error, Student's interval would have no width. The upper end of
// their rate is then that of Clopper and Pearson for rows with errors, none in `rows` rows
// a seed: a row's bits share a key and are lost together, and the rate of wrong bits is
// at most that of wrong rows.
std::optional<MeanInterval> Summarize(const RankRow& row, Statistic statistic, int64_t rows);

// "measured", "refused" or "failed".
std::string_view OutcomeOf(const RankRow& row);

// All samples of a row whose caches were restored: whether each was equal.
std::optional<bool> RestoreEqual(const RankRow& row);

// Each reason once, with the seeds that gave it.
std::vector<std::string> ReasonsOf(const RankRow& row);

// The rows of a table: those with samples by state bits, smallest first, then the others,
// each in order of name where they are equal.
std::vector<const RankRow*> SortedRows(const RankTable& table);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_ROW_SUMMARY_H_
