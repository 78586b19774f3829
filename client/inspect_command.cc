#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/commands.h"
#include "client/exit_code.h"
#include "client/inspection_report.h"
#include "client/result_file.h"
#include "client/run_options.h"
#include "common/base/status_macros.h"
#include "common/kv/kv_cache.h"

namespace kvwire {
namespace {

struct InspectOptions {
  std::string file;
  std::string json;  // path, "-" for stdout, empty for none
};

absl::Status InFile(const std::string& file, const absl::Status& status) {
  return {status.code(), absl::StrCat(file, ": ", status.message())};
}

// Reads the file once, a piece at a time.
absl::StatusOr<SnapshotInspection> InspectFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) || std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat("there is no file ", path));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file.good()) return absl::InvalidArgumentError(absl::StrCat(path, " cannot be read"));
  SnapshotInspector inspector;
  std::string piece(kMaxPieceBytes, '\0');
  while (file.good()) {
    file.read(piece.data(), kMaxPieceBytes);
    const auto count = static_cast<size_t>(file.gcount());
    const absl::Status status = inspector.Append(std::string_view(piece).substr(0, count));
    if (!status.ok()) return InFile(path, status);
  }
  if (file.bad()) return absl::InvalidArgumentError(absl::StrCat(path, " cannot be read"));
  absl::StatusOr<SnapshotInspection> found = inspector.Finish();
  if (!found.ok()) return InFile(path, found.status());
  return found;
}

absl::StatusOr<int> InspectCommand(const InspectOptions& options) {
  KVWIRE_RETURN_IF_ERROR(CheckWritable(options.json));
  KVWIRE_ASSIGN_OR_RETURN(const SnapshotInspection found, InspectFile(options.file));
  if (options.json != "-") {
    KVWIRE_RETURN_IF_ERROR(WriteResult("-", InspectionText(options.file, found)));
  }
  KVWIRE_RETURN_IF_ERROR(
      WriteResult(options.json, InspectionJson(options.file, found) + "\n"));
  return kExitGood;
}

}  // namespace

Command AddInspectCommand(CLI::App& app) {
  app.description(
      "Breaks a snapshot down to the byte and checks every checksum in it.\n"
      "  kvwire run --n 16 --algorithm streaming --save-snapshot message.kvws\n"
      "  kvwire inspect message.kvws");
  const auto options = std::make_shared<InspectOptions>();
  app.add_option("file", options->file, "the snapshot, as --save-snapshot writes it")
      ->required();
  app.add_option("--json", options->json, "write as JSON to this file; - for stdout");
  return [options] { return InspectCommand(*options); };
}

}  // namespace kvwire
