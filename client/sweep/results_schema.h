#ifndef KVWIRE_CLIENT_SWEEP_RESULTS_SCHEMA_H_
#define KVWIRE_CLIENT_SWEEP_RESULTS_SCHEMA_H_

// The tables of a results file, and the statements over the columns of result_columns.h.

#include <string>

namespace kvwire {

inline constexpr int kResultsApplicationId = 0x6b767773;  // "kvws"
inline constexpr int kResultsVersion = 1;

// Makes the tables in an empty database; says in comments what each column holds, as
// `sqlite3 FILE .schema` prints it.
std::string ResultsSchema();

// key, trial, and the columns of a result; nothing if the key is there.
std::string InsertResultSql();
// key, and the columns that were measured; likewise.
std::string InsertMeasuredSql();
// trial, and the columns of the result, of one key.
std::string SelectResultSql();
// key, trial, and the columns of both, of all, in order of key.
std::string SelectRecordsSql();

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_RESULTS_SCHEMA_H_
