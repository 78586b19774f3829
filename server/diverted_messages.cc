#include "server/diverted_messages.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

absl::StatusOr<int> OpenTemporaryFile() {
  const char* const directory = std::getenv("TMPDIR");
  std::string name =
      absl::StrCat(directory == nullptr || *directory == '\0' ? "/tmp" : directory,
                   "/kvwire-stream-XXXXXX");
  const int descriptor = mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no temporary file can be made (set TMPDIR): ", std::strerror(errno)));
  }
  unlink(name.c_str());
  return descriptor;
}

absl::Status WriteAll(int descriptor, std::string_view bytes, int64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "a reader is slow, and what waits for it cannot be stored: ", std::strerror(errno)));
    }
    bytes.remove_prefix(written);
    offset += written;
  }
  return absl::OkStatus();
}

absl::Status ReadAll(int descriptor, char* bytes, int64_t size, int64_t offset) {
  while (size > 0) {
    const ssize_t got = pread(descriptor, bytes, size, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return absl::DataLossError("what waits for a reader cannot be read back");
    bytes += got;
    offset += got;
    size -= got;
  }
  return absl::OkStatus();
}

}  // namespace

DivertedMessages::~DivertedMessages() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status DivertedMessages::Add(const std::string& message) {
  if (descriptor_ < 0) {
    KVWIRE_ASSIGN_OR_RETURN(descriptor_, OpenTemporaryFile());
  }
  const auto size = static_cast<int64_t>(message.size());
  const std::string_view prefix(reinterpret_cast<const char*>(&size), sizeof(size));
  KVWIRE_RETURN_IF_ERROR(WriteAll(descriptor_, prefix, end_));
  end_ += sizeof(size);
  KVWIRE_RETURN_IF_ERROR(WriteAll(descriptor_, message, end_));
  end_ += size;
  return absl::OkStatus();
}

absl::Status DivertedMessages::Add(const grpc::ByteBuffer& message) {
  std::vector<grpc::Slice> slices;
  if (!message.Dump(&slices).ok()) return absl::InternalError("a message cannot be stored");
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return Add(bytes);
}

absl::StatusOr<bool> DivertedMessages::Take(std::string& message) {
  if (next_ == end_) return false;
  int64_t size = 0;
  KVWIRE_RETURN_IF_ERROR(
      ReadAll(descriptor_, reinterpret_cast<char*>(&size), sizeof(size), next_));
  next_ += sizeof(size);
  message.resize(size);
  KVWIRE_RETURN_IF_ERROR(ReadAll(descriptor_, message.data(), size, next_));
  next_ += size;
  return true;
}

absl::StatusOr<bool> DivertedMessages::Take(grpc::ByteBuffer& message) {
  std::string bytes;
  KVWIRE_ASSIGN_OR_RETURN(const bool taken, Take(bytes));
  if (!taken) return false;
  const grpc::Slice slice(bytes);
  message = grpc::ByteBuffer(&slice, 1);
  return true;
}

}  // namespace kvwire
