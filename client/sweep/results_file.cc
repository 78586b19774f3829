#include "client/sweep/results_file.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/sweep/results_schema.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr int kBusyMilliseconds = 10'000;

absl::Status StatusOf(const std::string& path, const SQLite::Exception& error) {
  const std::string text = absl::StrCat(path, ": ", error.what());
  switch (error.getErrorCode()) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(text);
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return absl::InvalidArgumentError(text);
    case SQLITE_BUSY:
      return absl::UnavailableError(absl::StrCat(text, "; does another process use it?"));
    default:
      return absl::UnknownError(text);
  }
}

// What `act` returns, or the status of what SQLiteCpp throws in it.
template <typename Act>
std::invoke_result_t<Act> Guarded(const std::string& path, Act act) {
  try {
    return act();
  } catch (const SQLite::Exception& error) {
    return StatusOf(path, error);
  }
}

void Bind(SQLite::Statement& statement, int place, const Value& value) {
  if (const auto* whole = std::get_if<int64_t>(&value)) statement.bind(place, *whole);
  if (const auto* number = std::get_if<double>(&value)) statement.bind(place, *number);
  if (const auto* text = std::get_if<std::string>(&value)) statement.bind(place, *text);
}

Value ValueOf(const SQLite::Column& column) {
  if (column.isInteger()) return column.getInt64();
  if (column.isFloat()) return column.getDouble();
  if (column.isText()) return column.getString();
  return std::monostate();
}

std::vector<Value> ValuesOf(SQLite::Statement& row, int first, size_t count) {
  std::vector<Value> values;
  for (size_t k = 0; k < count; ++k) {
    values.push_back(ValueOf(row.getColumn(first + static_cast<int>(k))));
  }
  return values;
}

bool HasSchema(SQLite::Database& database) { return database.tableExists("result"); }

// Returns INVALID_ARGUMENT if it is a database of something else.
absl::Status CheckSchema(SQLite::Database& database, const std::string& path) {
  const int application = database.execAndGet("PRAGMA application_id").getInt();
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  if (application == kResultsApplicationId && version == kResultsVersion) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      path, " is a database, but not of results of this version of kvwire sweep"));
}

absl::Status PrepareToWrite(SQLite::Database& database, const std::string& path) {
  database.exec("PRAGMA journal_mode = DELETE");
  database.exec("PRAGMA synchronous = FULL");
  // Immediate: of two processes that find no tables one makes them.
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  const bool empty = database.execAndGet("SELECT COUNT(*) FROM sqlite_master").getInt() == 0;
  if (empty) database.exec(ResultsSchema());
  transaction.commit();
  return CheckSchema(database, path);
}

}  // namespace

ResultsFile::ResultsFile(std::string path, std::unique_ptr<SQLite::Database> database)
    : path_(std::move(path)), database_(std::move(database)) {}
ResultsFile::ResultsFile(ResultsFile&&) noexcept = default;
ResultsFile& ResultsFile::operator=(ResultsFile&&) noexcept = default;
ResultsFile::~ResultsFile() = default;

// Reading opens to write as well: what a killed process left half written is taken back by
// whoever comes next.
absl::StatusOr<ResultsFile> ResultsFile::Open(const std::string& path, bool to_write) {
  return Guarded(path, [&]() -> absl::StatusOr<ResultsFile> {
    const int flags = SQLite::OPEN_READWRITE | (to_write ? SQLite::OPEN_CREATE : 0);
    auto database = std::make_unique<SQLite::Database>(path, flags, kBusyMilliseconds);
    if (to_write) {
      KVWIRE_RETURN_IF_ERROR(PrepareToWrite(*database, path));
    } else if (database->execAndGet("SELECT COUNT(*) FROM sqlite_master").getInt() > 0) {
      KVWIRE_RETURN_IF_ERROR(CheckSchema(*database, path));
    }
    return ResultsFile(path, std::move(database));
  });
}

absl::StatusOr<ResultsFile> ResultsFile::OpenToWrite(const std::string& path) {
  return Open(path, /*to_write=*/true);
}

absl::StatusOr<ResultsFile> ResultsFile::OpenToRead(const std::string& path) {
  return Open(path, /*to_write=*/false);
}

absl::Status ResultsFile::Claim(const std::string& plan_digest, const Shard& shard) {
  return Guarded(path_, [&]() -> absl::Status {
    SQLite::Statement insert(*database_, "INSERT OR IGNORE INTO shard VALUES (?, ?)");
    insert.bind(1, plan_digest);
    insert.bind(2, shard.ToString());
    insert.exec();
    SQLite::Statement select(*database_, "SELECT shard FROM shard WHERE plan = ?");
    select.bind(1, plan_digest);
    select.executeStep();
    const std::string claimed = select.getColumn(0).getString();
    if (claimed == shard.ToString()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        path_, " is for shard ", claimed, " of this plan, not for ", shard.ToString(),
        ": give each shard a file of its own (--results results-{shard}.db), and when part of "
        "an array is submitted again, the count of the whole one (--shards)"));
  });
}

absl::StatusOr<bool> ResultsFile::Has(const std::string& key) {
  return Guarded(path_, [&]() -> absl::StatusOr<bool> {
    SQLite::Statement select(*database_, "SELECT 1 FROM result WHERE key = ?");
    select.bind(1, key);
    return select.executeStep();
  });
}

void ResultsFile::Insert(const TrialRecord& record) {
  const auto insert_row = [&](const std::string& sql, const std::vector<Value>& values,
                              bool with_trial) {
    SQLite::Statement insert(*database_, sql);
    int place = 0;
    insert.bind(++place, record.key);
    if (with_trial) insert.bind(++place, record.trial);
    for (const Value& value : values) Bind(insert, ++place, value);
    insert.exec();
  };
  insert_row(InsertResultSql(), record.result, true);
  insert_row(InsertMeasuredSql(), record.measured, false);
  SQLite::Statement mended(*database_, "DELETE FROM broken WHERE key = ?");
  mended.bind(1, record.key);
  mended.exec();
}

bool ResultsFile::IsAnother(const TrialRecord& record) {
  SQLite::Statement select(*database_, SelectResultSql());
  select.bind(1, record.key);
  return select.executeStep() &&
         (select.getColumn(0).getString() != record.trial ||
          ValuesOf(select, 1, ResultColumns().size()) != record.result);
}

absl::Status ResultsFile::Another(const TrialRecord& record) const {
  return absl::DataLossError(absl::StrCat(
      path_, " has another result of the trial ", record.key, " (", record.trial,
      "): was it made by another version of kvwire, or are its algorithms others?"));
}

absl::Status ResultsFile::Record(const TrialRecord& record) { return RecordAll({record}); }

absl::Status ResultsFile::RecordAll(const std::vector<TrialRecord>& records) {
  return Guarded(path_, [&]() -> absl::Status {
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    for (const TrialRecord& record : records) {
      if (IsAnother(record)) return Another(record);
      Insert(record);
    }
    transaction.commit();
    return absl::OkStatus();
  });
}

absl::Status ResultsFile::RecordBroken(const BrokenTrial& broken) {
  return Guarded(path_, [&]() -> absl::Status {
    SQLite::Statement insert(*database_,
                             "INSERT OR REPLACE INTO broken VALUES (?, ?, ?, ?, ?)");
    insert.bind(1, broken.key);
    insert.bind(2, broken.trial);
    insert.bind(3, broken.attempts);
    insert.bind(4, broken.code);
    insert.bind(5, broken.message);
    insert.exec();
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<TrialRecord>> ResultsFile::Records() {
  return Guarded(path_, [&]() -> absl::StatusOr<std::vector<TrialRecord>> {
    std::vector<TrialRecord> records;
    if (!HasSchema(*database_)) return records;
    SQLite::Statement select(*database_, SelectRecordsSql());
    const auto results = static_cast<int>(ResultColumns().size());
    while (select.executeStep()) {
      TrialRecord record{.key = select.getColumn(0).getString(),
                         .trial = select.getColumn(1).getString()};
      record.result = ValuesOf(select, 2, ResultColumns().size());
      record.measured = ValuesOf(select, 2 + results, MeasuredColumns().size());
      records.push_back(std::move(record));
    }
    return records;
  });
}

absl::StatusOr<std::vector<BrokenTrial>> ResultsFile::BrokenTrials() {
  return Guarded(path_, [&]() -> absl::StatusOr<std::vector<BrokenTrial>> {
    std::vector<BrokenTrial> trials;
    if (!HasSchema(*database_)) return trials;
    SQLite::Statement select(*database_, "SELECT * FROM broken ORDER BY key");
    while (select.executeStep()) {
      trials.push_back({.key = select.getColumn(0).getString(),
                        .trial = select.getColumn(1).getString(),
                        .attempts = select.getColumn(2).getInt64(),
                        .code = select.getColumn(3).getString(),
                        .message = select.getColumn(4).getString()});
    }
    return trials;
  });
}

}  // namespace kvwire
