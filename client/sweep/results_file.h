#ifndef KVWIRE_CLIENT_SWEEP_RESULTS_FILE_H_
#define KVWIRE_CLIENT_SWEEP_RESULTS_FILE_H_

// Results of trials in an SQLite database: tables result, measured and broken, by the
// trial's key (result_columns.h; what each column holds stands in the schema), and shard,
// the parts of plans that the file is for.
//
// A trial is committed at once, whole, and survives the process being killed at any moment.
// SQLite's rollback journal is used and not its write-ahead log, which needs memory that
// processes share and so does not work on network file systems; there, give each shard a
// file of its own. Not thread-safe.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/sweep/result_columns.h"
#include "client/sweep/shard.h"

namespace SQLite {
class Database;
}  // namespace SQLite

namespace kvwire {

class ResultsFile {
 public:
  // Opens the file for writing, made if there is none, or for reading. Errors of this and
  // all other methods: DATA_LOSS if it is damaged or no results of this version,
  // INVALID_ARGUMENT if it cannot be opened or made, UNAVAILABLE if another process keeps it
  // for longer than ten seconds, UNKNOWN if it cannot be written.
  static absl::StatusOr<ResultsFile> OpenToWrite(const std::string& path);
  static absl::StatusOr<ResultsFile> OpenToRead(const std::string& path);

  ResultsFile(ResultsFile&&) noexcept;
  ResultsFile& operator=(ResultsFile&&) noexcept;
  ~ResultsFile();

  // Says that the file is for this part of a plan. Returns INVALID_ARGUMENT if it is for
  // another part of the same plan: two shards in one file are most likely a mistake.
  absl::Status Claim(const std::string& plan_digest, const Shard& shard);

  absl::StatusOr<bool> Has(const std::string& key);

  // Keeps a record, unless one with its key is there; returns DATA_LOSS if that one has
  // another result. What was noted of the trial as broken is forgotten.
  absl::Status Record(const TrialRecord& record);
  // Notes, in place of what was noted before.
  absl::Status RecordBroken(const BrokenTrial& broken);
  // Keeps all of them or none.
  absl::Status RecordAll(const std::vector<TrialRecord>& records);

  // In order of key.
  absl::StatusOr<std::vector<TrialRecord>> Records();
  absl::StatusOr<std::vector<BrokenTrial>> BrokenTrials();

  const std::string& path() const { return path_; }

 private:
  ResultsFile(std::string path, std::unique_ptr<SQLite::Database> database);

  static absl::StatusOr<ResultsFile> Open(const std::string& path, bool to_write);
  void Insert(const TrialRecord& record);
  bool IsAnother(const TrialRecord& record);
  absl::Status Another(const TrialRecord& record) const;

  std::string path_;
  std::unique_ptr<SQLite::Database> database_;
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_RESULTS_FILE_H_
