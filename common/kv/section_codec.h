#ifndef KVWIRE_COMMON_KV_SECTION_CODEC_H_
#define KVWIRE_COMMON_KV_SECTION_CODEC_H_

// What an entropy wrapper does with the bytes of a section.

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "common/kv/kv_cache.h"
#include "common/kv/snapshot_section.h"

namespace kvwire {

// Bytes in, other bytes out, in pieces of at most kMaxPieceBytes.
class ByteFilter {
 public:
  virtual ~ByteFilter() = default;

  // Takes the next bytes and hands on what they come to. Returns the sink's first error,
  // or, of a decoder, DATA_LOSS.
  virtual absl::Status Append(std::string_view bytes, ByteSink sink) = 0;

  // Once all bytes are there. Errors as Append, and a decoder's DATA_LOSS unless they were
  // a whole code.
  virtual absl::Status Finish(ByteSink sink) = 0;
};

// Immutable and thread safe.
class SectionCodec {
 public:
  virtual ~SectionCodec() = default;

  // From the body of `section` to a code, the same whatever the pieces, and back: never
  // more than section.bytes(), which was checked against the memory that it may take.
  virtual std::unique_ptr<ByteFilter> NewEncoder(const SnapshotSection& section) const = 0;
  virtual std::unique_ptr<ByteFilter> NewDecoder(const SnapshotSection& section) const = 0;

  // Whether all releases of the encoder write the same code, and the decoder takes no
  // other: only then can a reader insist on the one spelling.
  virtual bool has_one_spelling() const = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_SECTION_CODEC_H_
