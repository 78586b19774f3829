#include "common/waterfall/grpc_messages.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/channels.h"

namespace kvwire {
namespace {

// Moves bytes from the front of `from` until `to` has `size`.
void Fill(std::string& to, size_t size, std::string_view& from) {
  const size_t take = std::min(size - to.size(), from.size());
  to += from.substr(0, take);
  from.remove_prefix(take);
}

}  // namespace

absl::Status GrpcMessages::Append(std::string_view bytes, Sink sink) {
  while (!bytes.empty()) {
    if (prefix_.size() < kPrefixBytes) {
      Fill(prefix_, kPrefixBytes, bytes);
      if (prefix_.size() < kPrefixBytes) break;
      KVWIRE_RETURN_IF_ERROR(ReadPrefix());
    }
    Fill(message_, size_, bytes);
    if (message_.size() < size_) break;
    KVWIRE_RETURN_IF_ERROR(sink(message_));
    prefix_.clear();
    message_.clear();
  }
  return absl::OkStatus();
}

absl::Status GrpcMessages::ReadPrefix() {
  if (prefix_[0] != 0) return absl::DataLossError("a gRPC message is compressed");
  size_ = 0;
  for (size_t k = 1; k < kPrefixBytes; ++k) {
    size_ = 256 * size_ + static_cast<unsigned char>(prefix_[k]);
  }
  if (size_ > static_cast<size_t>(kMaxMessageBytes)) {
    return absl::ResourceExhaustedError(absl::StrCat("a gRPC message of ", size_, " bytes; ",
                                                     kMaxMessageBytes, " are the most"));
  }
  return absl::OkStatus();
}

}  // namespace kvwire
