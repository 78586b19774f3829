#ifndef KVWIRE_COMMON_KV_SNAPSHOT_PARSER_H_
#define KVWIRE_COMMON_KV_SNAPSHOT_PARSER_H_

// Takes a snapshot apart as its bytes come in, in pieces of any length: checks the
// container, every checksum included, and hands on what is in it. Holds no more than a
// header of it at a time.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/kv/snapshot_header.h"

namespace kvwire {

// Whoever wants to know what is in a snapshot. An error ends the parsing.
class SnapshotVisitor {
 public:
  virtual ~SnapshotVisitor() = default;

  // `bytes` is the header's length.
  virtual absl::Status VisitHeader(const SnapshotHeader& header, int64_t bytes) = 0;

  // Each section: its beginning, its body in pieces, and its end, once the checksum has
  // been found right. Before that nothing of it is to be trusted.
  virtual absl::Status BeginSection(const SnapshotSection& section, int64_t header_bytes) = 0;
  virtual absl::Status VisitBody(std::string_view piece) = 0;
  virtual absl::Status EndSection(uint32_t checksum) = 0;
};

class SnapshotParser {
 public:
  explicit SnapshotParser(SnapshotVisitor& visitor) : visitor_(visitor) {}

  // Returns the visitor's first error, at the end of the section if it is RESOURCE_EXHAUSTED
  // over the bytes of a body, which may be damaged and then announce what they like; or
  // DATA_LOSS, with the offset of the byte where it showed, on bytes that are not a snapshot
  // of a known version, a wrong checksum, or bytes after the end. An error is final.
  absl::Status Append(std::string_view piece);

  // The error of Append, or DATA_LOSS if the snapshot is not complete, which is final too.
  absl::Status Finish();

  // How many bytes were read.
  int64_t position() const { return position_; }

 private:
  // What is read next; gathered bytes are in pending_.
  enum class Stage { kHeader, kSectionHeader, kBody, kChecksum, kEnd };

  absl::Status Consume(std::string_view& piece);
  absl::Status ConsumeByte(char byte);
  absl::Status ReadHeader();
  absl::Status ReadSectionHeader();
  absl::Status ReadChecksum();
  void NextSection();
  absl::Status Damage(const std::string& what) const;

  SnapshotVisitor& visitor_;
  absl::Status status_;
  Stage stage_ = Stage::kHeader;
  std::string pending_;
  size_t header_needs_ = 0;  // bytes, to be worth reading
  int64_t position_ = 0;
  int64_t sections_ = 0;  // announced
  int64_t section_ = 0;   // the one being read
  int64_t body_left_ = 0;
  uint32_t crc_ = 0;
  absl::Status exhausted_;  // what the visitor said to the body, of which it sees no more
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_SNAPSHOT_PARSER_H_
