#ifndef KVWIRE_TESTS_CLIENT_RANK_RANK_ROWS_H_
#define KVWIRE_TESTS_CLIENT_RANK_RANK_ROWS_H_

// Rows of comparisons put together by hand.

#include <string>
#include <utility>
#include <vector>

#include "client/rank/rank_row.h"

namespace kvwire {

// A measured row whose samples have these values of a statistic, from seed 1 on.
inline RankRow RowOf(const std::string& algorithm, Statistic statistic,
                     const std::vector<double>& values) {
  RankRow row{
      .spec = algorithm, .algorithm = algorithm, .server = "built-in", .kind = "baseline"};
  for (const double value : values) {
    RankSample sample;
    sample.seed = row.samples.size() + 1;
    sample.Set(statistic, value);
    row.samples.push_back(sample);
  }
  return row;
}

inline RankRow RefusedRow(const std::string& algorithm, const std::string& why) {
  return {.spec = algorithm,
          .algorithm = algorithm,
          .server = "built-in",
          .kind = "baseline",
          .refusal = why};
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CLIENT_RANK_RANK_ROWS_H_
