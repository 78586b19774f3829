#include "client/delivery.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {

absl::StatusOr<std::string> ReceivedBytes(const RunResult& result) {
  const std::string& bytes = result.audit.bytes();
  const int64_t most = result.audit.size_bits() / 8;
  if (!result.heard_bytes.has_value() || *result.heard_bytes < 0 ||
      *result.heard_bytes > most) {
    return absl::DataLossError(absl::StrCat("Bob was not told a file length of at most ", most,
                                            " bytes: it did not arrive"));
  }
  return bytes.substr(0, *result.heard_bytes);
}

absl::Status WriteReceivedFile(const std::string& bytes, const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (file.good()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(path, " cannot be written"));
}

absl::Status WriteReceivedPicture(const Picture& sent, const std::string& pixels,
                                  const std::string& path) {
  const Picture received{.shape = sent.shape, .pixels = pixels};
  KVWIRE_RETURN_IF_ERROR(WritePicture(path, received));
  KVWIRE_ASSIGN_OR_RETURN(const Picture difference, DifferencePicture(sent, received));
  std::filesystem::path beside(path);
  beside.replace_extension(".difference.png");
  return WritePicture(beside.string(), difference);
}

}  // namespace kvwire
