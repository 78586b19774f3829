#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/driver.h"
#include "common/wire/status_conversion.h"

namespace kvwire {
namespace {

absl::Status Write(std::ofstream& file, const std::string& bytes) {
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file.good() ? absl::OkStatus() : absl::UnknownError("the file cannot be written");
}

}  // namespace

absl::Status Driver::SaveSnapshot(const RunResult& result, const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  grpc::ClientContext context;
  v1::GetMessageRequest request;
  request.set_run_id(result.run_id);
  const auto reader = bob_->GetMessage(&context, request);
  v1::GetMessageResponse piece;
  absl::Status written;
  while (written.ok() && reader->Read(&piece)) written = Write(file, piece.data());
  if (!written.ok()) context.TryCancel();
  const grpc::Status status = reader->Finish();
  file.close();
  if (!written.ok() || !file.good()) {
    return absl::UnknownError(absl::StrCat("the snapshot cannot be written to ", path));
  }
  return FromPeer(status, "Bob");
}

}  // namespace kvwire
