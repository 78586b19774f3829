#ifndef KVWIRE_COMMON_WATERFALL_SEQUENCE_STREAM_H_
#define KVWIRE_COMMON_WATERFALL_SEQUENCE_STREAM_H_

// Puts the payload of one direction of a TCP connection in order: every byte once,
// whatever was sent again, came late, or overlapped.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace kvwire {

// Holds what came before its turn, no more. Thread-compatible.
class SequenceStream {
 public:
  using Sink = absl::FunctionRef<absl::Status(std::string_view)>;

  // `sequence` is the number of the SYN. A second SYN is the first one sent again.
  void Open(uint32_t sequence);
  bool is_open() const { return open_; }

  // Takes a segment and hands on what is now in order. Sequence numbers wrap, so a segment
  // within 2^31 of the next byte is meant. Returns the sink's error, or
  // FAILED_PRECONDITION before Open.
  absl::Status Add(uint32_t sequence, std::string_view payload, Sink sink);

  // `sequence` is the number of the FIN: nothing comes from there on.
  void End(uint32_t sequence);

  // Returns DATA_LOSS if a byte in between, or before the FIN, was never seen.
  absl::Status Finish() const;

  int64_t bytes() const { return next_; }
  // Payload that had been seen before.
  int64_t repeated_bytes() const { return repeated_; }

 private:
  // The offset in the stream that a sequence number means.
  int64_t OffsetOf(uint32_t sequence) const;
  // Keeps what of [offset, offset + payload.size()) is not there yet.
  void Keep(int64_t offset, std::string_view payload);

  bool open_ = false;
  uint32_t first_ = 0;  // the sequence number of the byte at 0
  int64_t next_ = 0;    // bytes handed on
  int64_t repeated_ = 0;
  std::optional<int64_t> end_;
  std::map<int64_t, std::string> early_;  // by offset, without overlaps
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WATERFALL_SEQUENCE_STREAM_H_
