#include "server/bob/bob_spool_calls.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

int FaultOf(const SpoolFault* fault, SpoolCall call) {
  return fault == nullptr || *fault == nullptr ? 0 : (*fault)(call);
}

// What is left of `pieces` for one pwritev call.
std::vector<iovec> Vectors(absl::Span<const std::string_view> pieces) {
  std::vector<iovec> vectors;
  for (const std::string_view piece : pieces) {
    if (vectors.size() == IOV_MAX) break;
    if (!piece.empty()) vectors.push_back({const_cast<char*>(piece.data()), piece.size()});
  }
  return vectors;
}

// Takes the first `size` bytes off `pieces`.
void Drop(std::vector<std::string_view>& pieces, size_t size) {
  size_t whole = 0;
  while (whole < pieces.size() && size >= pieces[whole].size()) size -= pieces[whole++].size();
  pieces.erase(pieces.begin(), pieces.begin() + static_cast<ptrdiff_t>(whole));
  if (!pieces.empty()) pieces.front().remove_prefix(size);
}

}  // namespace

absl::Status SpoolError(std::string_view what, int error) {
  const std::string text = absl::StrCat(std::string(what), ": ", std::strerror(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOENT:
    case EACCES:
    case EROFS:
      return absl::ResourceExhaustedError(text);
    default:
      return absl::UnavailableError(text);
  }
}

SpoolDescriptor::~SpoolDescriptor() {
  if (descriptor_ >= 0) close(descriptor_);
}

SpoolDescriptor::SpoolDescriptor(SpoolDescriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), fault_(other.fault_) {}

SpoolDescriptor& SpoolDescriptor::operator=(SpoolDescriptor&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(fault_, other.fault_);
  return *this;
}

absl::StatusOr<SpoolDescriptor> SpoolDescriptor::Open(const std::string& path, int flags,
                                                      const SpoolFault& fault) {
  if (const int error = FaultOf(&fault, SpoolCall::kOpen)) {
    return SpoolError(absl::StrCat("cannot open ", path), error);
  }
  const int descriptor = open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (descriptor < 0) return SpoolError(absl::StrCat("cannot open ", path), errno);
  return SpoolDescriptor(descriptor, &fault);
}

absl::StatusOr<SpoolDescriptor> SpoolDescriptor::OpenNameless(const SpoolFault& fault) {
  const char* directory = std::getenv("TMPDIR");
  const std::string place = directory == nullptr || *directory == '\0' ? "/tmp" : directory;
  const std::string what =
      absl::StrCat("no temporary file can be made in ", place, " (set TMPDIR)");
  if (const int error = FaultOf(&fault, SpoolCall::kOpen)) return SpoolError(what, error);
  int descriptor = open(place.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
    std::string name = place + "/kvwire-message-XXXXXX";
    descriptor = mkostemp(name.data(), O_CLOEXEC);
    if (descriptor >= 0) unlink(name.c_str());
  }
  if (descriptor < 0) return SpoolError(what, errno);
  return SpoolDescriptor(descriptor, &fault);
}

absl::Status SpoolDescriptor::Write(absl::Span<const std::string_view> pieces,
                                    int64_t position) const {
  constexpr std::string_view kWhat = "the message cannot be stored";
  std::vector<std::string_view> left(pieces.begin(), pieces.end());
  const int fault = FaultOf(fault_, SpoolCall::kWrite);
  if (fault != 0 && !left.empty()) {
    const std::string_view half = left.front().substr(0, left.front().size() / 2);
    left = {half};
  }
  while (true) {
    const std::vector<iovec> vectors = Vectors(left);
    if (vectors.empty()) break;
    const ssize_t written =
        pwritev(descriptor_, vectors.data(), static_cast<int>(vectors.size()), position);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return SpoolError(kWhat, written < 0 ? errno : EIO);
    Drop(left, written);
    position += written;
  }
  return fault == 0 ? absl::OkStatus() : SpoolError(kWhat, fault);
}

absl::Status SpoolDescriptor::Sync() const {
  int error = FaultOf(fault_, SpoolCall::kSync);
  if (error == 0 && fdatasync(descriptor_) != 0) error = errno;
  return error == 0 ? absl::OkStatus() : SpoolError("the message cannot be kept", error);
}

void SpoolDescriptor::StartSync(int64_t position, int64_t size) const {
  sync_file_range(descriptor_, position, size, SYNC_FILE_RANGE_WRITE);
}

absl::Status SpoolDescriptor::Truncate(int64_t size) const {
  int error = FaultOf(fault_, SpoolCall::kTruncate);
  if (error == 0 && ftruncate(descriptor_, size) != 0) error = errno;
  return error == 0 ? absl::OkStatus() : SpoolError("a spool file cannot be cut", error);
}

absl::StatusOr<std::string> SpoolDescriptor::Read(int64_t position, int64_t size) const {
  std::string bytes(std::max<int64_t>(0, size), '\0');
  KVWIRE_ASSIGN_OR_RETURN(const int64_t got,
                          ReadInto({{{bytes.data(), bytes.size()}, {nullptr, 0}}}, position));
  bytes.resize(got);
  return bytes;
}

absl::StatusOr<int64_t> SpoolDescriptor::ReadInto(std::array<iovec, 2> places,
                                                  int64_t position) const {
  int error = FaultOf(fault_, SpoolCall::kRead);
  int64_t have = 0;
  while (error == 0 && places[0].iov_len + places[1].iov_len > 0) {
    const ssize_t got = preadv(descriptor_, places.data(), places.size(), position + have);
    if (got == 0) break;
    if (got < 0) {
      if (errno != EINTR) error = errno;
      continue;
    }
    have += got;
    size_t left = got;
    for (iovec& place : places) {
      const size_t taken = std::min(left, place.iov_len);
      place.iov_base = static_cast<char*>(place.iov_base) + taken;
      place.iov_len -= taken;
      left -= taken;
    }
  }
  if (error != 0) return SpoolError("the stored message cannot be read", error);
  return have;
}

bool SpoolDescriptor::Lock() const { return flock(descriptor_, LOCK_EX | LOCK_NB) == 0; }

absl::Status RenameInSpool(const std::string& directory, const std::string& from,
                           const std::string& to, const SpoolFault& fault) {
  int error = FaultOf(&fault, SpoolCall::kRename);
  if (error == 0 &&
      std::rename((directory + "/" + from).c_str(), (directory + "/" + to).c_str()) != 0) {
    error = errno;
  }
  return error == 0 ? absl::OkStatus() : SpoolError("the message cannot be sealed", error);
}

absl::Status SyncSpoolDirectory(const std::string& directory, const SpoolFault& fault) {
  int error = FaultOf(&fault, SpoolCall::kSyncDirectory);
  if (error == 0) {
    const int descriptor = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 || fsync(descriptor) != 0) error = errno;
    if (descriptor >= 0) close(descriptor);
  }
  return error == 0 ? absl::OkStatus() : SpoolError("the message cannot be kept", error);
}

}  // namespace kvwire
