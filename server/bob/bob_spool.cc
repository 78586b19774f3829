#include "server/bob/bob_spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

bool IsSpoolFile(const std::string& name) {
  return absl::EndsWith(name, ".part") || absl::EndsWith(name, ".message");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(const std::string& directory,
                                                   SpoolFault fault) {
  auto spool = std::make_unique<Spool>();
  spool->options_ = {.directory = directory, .fault = std::move(fault)};
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return SpoolError(absl::StrCat("cannot make the spool ", directory), errno);
  }
  KVWIRE_ASSIGN_OR_RETURN(
      spool->lock_,
      SpoolDescriptor::Open(directory + "/lock", O_RDWR | O_CREAT, spool->options_.fault));
  if (!spool->lock_.Lock()) {
    return absl::FailedPreconditionError(
        absl::StrCat("another process has the spool ", directory, "; give each its own"));
  }
  return spool;
}

absl::StatusOr<std::vector<std::unique_ptr<SpoolFile>>> Spool::Recover() const {
  std::vector<std::unique_ptr<SpoolFile>> files;
  if (options_.directory.empty()) return files;
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(options_.directory, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (IsSpoolFile(name)) names.push_back(name);
  }
  if (error) return SpoolError("the spool cannot be read", error.value());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    absl::StatusOr<std::unique_ptr<SpoolFile>> file = SpoolFile::Recover(options_, name);
    if (file.ok()) {
      files.push_back(*std::move(file));
    } else if (!absl::IsDataLoss(file.status())) {
      return file.status();
    } else if (absl::EndsWith(name, ".part")) {
      // Alice sends it from its beginning again.
      unlink((options_.directory + "/" + name).c_str());
    }
  }
  return files;
}

}  // namespace kvwire
