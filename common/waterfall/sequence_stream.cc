#include "common/waterfall/sequence_stream.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {

void SequenceStream::Open(uint32_t sequence) {
  if (open_) return;
  open_ = true;
  first_ = sequence + 1;
}

absl::Status SequenceStream::Add(uint32_t sequence, std::string_view payload, Sink sink) {
  if (!open_) {
    return absl::FailedPreconditionError("the capture begins after the connection does");
  }
  Keep(OffsetOf(sequence), payload);
  while (!early_.empty() && early_.begin()->first == next_) {
    const std::string piece = std::move(early_.begin()->second);
    early_.erase(early_.begin());
    next_ += static_cast<int64_t>(piece.size());
    KVWIRE_RETURN_IF_ERROR(sink(piece));
  }
  return absl::OkStatus();
}

int64_t SequenceStream::OffsetOf(uint32_t sequence) const {
  return next_ + static_cast<int32_t>(sequence - (first_ + static_cast<uint32_t>(next_)));
}

void SequenceStream::End(uint32_t sequence) {
  if (open_) end_ = OffsetOf(sequence);
}

void SequenceStream::Keep(int64_t offset, std::string_view payload) {
  const int64_t end = offset + static_cast<int64_t>(payload.size());
  int64_t at = std::min(end, std::max(offset, next_));
  repeated_ += at - offset;
  auto following = early_.upper_bound(at);
  if (following != early_.begin()) {
    const auto& [begin, piece] = *std::prev(following);
    const int64_t covered = std::min(end, begin + static_cast<int64_t>(piece.size()));
    repeated_ += std::max<int64_t>(0, covered - at);
    at = std::max(at, covered);
  }
  while (at < end) {
    const bool last = following == early_.end() || following->first >= end;
    const int64_t gap_end = last ? end : following->first;
    if (gap_end > at) early_.emplace(at, payload.substr(at - offset, gap_end - at));
    if (last) return;
    const int64_t piece_end =
        following->first + static_cast<int64_t>(following->second.size());
    repeated_ += std::min(end, piece_end) - gap_end;
    at = piece_end;
    ++following;
  }
}

absl::Status SequenceStream::Finish() const {
  const int64_t seen = early_.empty() ? end_.value_or(next_) : early_.begin()->first;
  if (seen == next_) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the bytes of the connection from ", next_, " to ",
                                          seen, " are missing from the capture"));
}

}  // namespace kvwire
