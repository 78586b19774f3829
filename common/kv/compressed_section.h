#ifndef KVWIRE_COMMON_KV_COMPRESSED_SECTION_H_
#define KVWIRE_COMMON_KV_COMPRESSED_SECTION_H_

// The reading side of a section that a CompressedCache wrote:
//   body = nothing           of a section that is empty
//        | 0 section         one that its code would not make shorter, as it is
//        | bits code         a varint, the exact length of the section, not 0

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/kv/kv_cache.h"
#include "common/kv/section_codec.h"

namespace kvwire {

// The bytes of a body that is coded, and that of one that is not, for `code_bytes` of code.
int64_t CodedBodyBytes(const SnapshotSection& section, int64_t code_bytes);
int64_t RawBodyBytes(const SnapshotSection& section);

// The longest varint.
inline constexpr size_t kMostLengthBytes = 8;

// The exact length of the section that stands behind one that was written with a body that
// begins so, of at least kMostLengthBytes if it has them; nothing if no body begins so.
std::optional<int64_t> UncodedBits(const SnapshotSection& written, std::string_view body);

class CompressedSectionReader {
 public:
  // Hands sections on to `inner`, whose memory is bounded so. Both must outlive it.
  CompressedSectionReader(const SectionCodec& codec, KvCache& inner,
                          int64_t memory_limit_bytes)
      : codec_(codec), inner_(inner), memory_limit_bytes_(memory_limit_bytes) {}

  // As KvCache::BeginSection, for the section as it was written; `kind` has its symbols. A
  // section is never much shorter than what is written for it, so that a length over the
  // memory limit is refused here.
  absl::Status Begin(int64_t tokens, const SnapshotSection& written,
                     const SnapshotSection& kind);

  // Errors as KvCache::RestoreBytes and KvCache::BeginSection: how long the section is
  // stands in its first bytes.
  absl::Status Append(std::string_view piece);

  // Once all bytes are there, or if no section was begun. Returns DATA_LOSS unless they
  // are the one spelling of the section, as far as the codec has one.
  absl::Status End();

 private:
  enum class Stage { kEmpty, kLength, kRaw, kCoded };

  absl::Status TakeLength(std::string_view& piece);
  absl::Status BeginRaw();
  absl::Status BeginCoded();
  absl::Status AppendRaw(std::string_view piece);
  absl::Status Restore(std::string_view decoded);
  absl::Status Count(std::string_view code);

  const SectionCodec& codec_;
  KvCache& inner_;
  int64_t memory_limit_bytes_;
  int64_t tokens_ = 0;
  Stage stage_ = Stage::kEmpty;
  SnapshotSection written_;
  int64_t bytes_left_ = 0;               // of it
  SnapshotSection section_;              // what it stands for
  std::string length_;                   // the varint, as far as it is there
  std::unique_ptr<ByteFilter> decoder_;  // of a coded section
  std::unique_ptr<ByteFilter> encoder_;  // of one that must not be longer than its code
  int64_t counted_bytes_ = 0;            // of what the one or the other has come to
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_COMPRESSED_SECTION_H_
