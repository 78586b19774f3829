#include "server/calls/diverted_messages.h"

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

absl::Status DivertedMessages::Add(const grpc::ByteBuffer& message) {
  if (descriptor_ < 0) {
    KVWIRE_ASSIGN_OR_RETURN(descriptor_, OpenTemporaryFile());
  }
  std::vector<grpc::Slice> slices;
  if (!message.Dump(&slices).ok()) return absl::InternalError("a message cannot be stored");
  const auto size = static_cast<int64_t>(message.Length());
  const std::string_view prefix(reinterpret_cast<const char*>(&size), sizeof(size));
  int64_t end = end_;
  KVWIRE_RETURN_IF_ERROR(WriteAll(descriptor_, prefix, end));
  end += sizeof(size);
  for (const grpc::Slice& slice : slices) {
    const std::string_view bytes(reinterpret_cast<const char*>(slice.begin()), slice.size());
    KVWIRE_RETURN_IF_ERROR(WriteAll(descriptor_, bytes, end));
    end += static_cast<int64_t>(bytes.size());
  }
  end_ = end;
  return absl::OkStatus();
}

absl::StatusOr<bool> DivertedMessages::Take(grpc::ByteBuffer& message) {
  if (next_ == end_) return false;
  int64_t size = 0;
  KVWIRE_RETURN_IF_ERROR(
      ReadAll(descriptor_, reinterpret_cast<char*>(&size), sizeof(size), next_));
  next_ += sizeof(size);
  const grpc::Slice slice(static_cast<size_t>(size));
  char* const bytes = reinterpret_cast<char*>(const_cast<uint8_t*>(slice.begin()));
  KVWIRE_RETURN_IF_ERROR(ReadAll(descriptor_, bytes, size, next_));
  next_ += size;
  message = grpc::ByteBuffer(&slice, 1);
  return true;
}

}  // namespace kvwire
