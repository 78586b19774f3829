#ifndef KVWIRE_COMMON_KV_SNAPSHOT_H_
#define KVWIRE_COMMON_KV_SNAPSHOT_H_

// The container of every snapshot (grammar and example in FORMAT.md): a header
// (snapshot_header.h), then sections of content and length, the body, and 4 bytes of
// CRC32C. 22 to 37 bytes for one section, and those of the options that are not at their
// default. Written and read in pieces, so that neither side holds a second copy of the
// state.

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/kv/kv_cache.h"
#include "common/kv/snapshot_header.h"
#include "common/kv/snapshot_parser.h"

namespace kvwire {

// The exact length of what WriteSnapshot would write. Errors as WriteSnapshot.
absl::StatusOr<int64_t> SnapshotBytes(const KvCache& cache, const CacheSetup& setup);

// Writes the snapshot of `cache`, created from `setup`, to `sink` in pieces of at
// most kMaxPieceBytes. Returns the sink's first error, one of ParseBuiltInSpec
// if `setup` cannot be that of a cache, or INTERNAL if a section is not as long as
// the cache announced.
absl::Status WriteSnapshot(const KvCache& cache, const CacheSetup& setup, ByteSink sink);

// Restores a cache from the pieces of a snapshot, of any length and from any
// source: untrusted bytes end in an error, never in a crash or in a wrong state.
class SnapshotReader : private SnapshotVisitor {
 public:
  // The setup says what to expect. Errors as CreateCache.
  static absl::StatusOr<std::unique_ptr<SnapshotReader>> Create(const CacheSetup& setup);

  // Returns DATA_LOSS on bytes that are not a snapshot of a known version, whose
  // checksum is wrong, or that no state of this setup has; FAILED_PRECONDITION on
  // a snapshot of another algorithm, other options or wrappers, another d or kind
  // of attention or values, naming both;
  // RESOURCE_EXHAUSTED as KvCache::BeginSection. An error is final.
  absl::Status Append(std::string_view piece) { return parser_.Append(piece); }

  // Returns the cache, DATA_LOSS if the snapshot is not complete, or the error of
  // Append. A second call is a FAILED_PRECONDITION.
  absl::StatusOr<std::unique_ptr<KvCache>> Finish();

 private:
  SnapshotReader() : parser_(*this) {}

  absl::Status VisitHeader(const SnapshotHeader& header, int64_t bytes) override;
  absl::Status BeginSection(const SnapshotSection& section, int64_t header_bytes) override;
  absl::Status VisitBody(std::string_view piece) override;
  absl::Status EndSection(uint32_t checksum) override;

  SnapshotParser parser_;
  SnapshotHeader expected_;  // of the setup; its tokens and sections are not known
  std::unique_ptr<KvCache> cache_;
  int64_t tokens_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_SNAPSHOT_H_
