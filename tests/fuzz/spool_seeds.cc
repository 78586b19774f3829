#include <string>
#include <utility>
#include <vector>

#include "common/base/checksum.h"
#include "server/bob/bob_spool_record.h"
#include "tests/fuzz/seeds.h"
#include "tests/fuzz/spool_input.h"

namespace kvwire {
namespace {

constexpr char kPart = 0;
constexpr char kSealed = 1;

// Writes records as SpoolFile does.
class SpoolBytes {
 public:
  explicit SpoolBytes(char name) : bytes_(1, name) {}

  SpoolBytes& Put(SpoolKind kind, const std::string& body) {
    bytes_ += EncodeSpoolHeader({.kind = kind,
                                 .body_bytes = static_cast<uint32_t>(body.size()),
                                 .position = static_cast<int64_t>(message_.size()),
                                 .message_bytes = kind == SpoolKind::kChunk ? 40U : 0U,
                                 .body_crc32c = Crc32c(body)}) +
              body;
    if (kind == SpoolKind::kChunk) message_ += body;
    return *this;
  }
  SpoolBytes& Open(uint64_t run_id = kFuzzedRun) {
    return Put(SpoolKind::kOpening,
               EncodeOpening({.run_id = run_id, .parameters_digest = std::string(16, 'd')}));
  }
  SpoolBytes& OpenFile(int64_t payload_bytes) {
    return Put(SpoolKind::kOpening, EncodeOpening({.run_id = kFuzzedRun,
                                                   .parameters_digest = std::string(16, 'd'),
                                                   .payload_bytes = payload_bytes}));
  }
  SpoolBytes& OpenBy(const std::string& sender) {
    return Put(SpoolKind::kOpening, EncodeOpening({.run_id = kFuzzedRun,
                                                   .parameters_digest = std::string(16, 'd'),
                                                   .sender = sender}));
  }
  SpoolBytes& Chunk(const std::string& bytes) { return Put(SpoolKind::kChunk, bytes); }
  SpoolBytes& Connect(uint32_t id, bool counted) {
    return Put(SpoolKind::kConnection, EncodeConnection({.connection_id = id,
                                                         .counted = counted,
                                                         .final = counted,
                                                         .clean = counted,
                                                         .received_bytes = counted ? 9 : 0}));
  }
  SpoolBytes& Own(const std::string& identity) { return Put(SpoolKind::kOwner, identity); }
  SpoolBytes& Finish() { return Put(SpoolKind::kFinish, Sha256Of(message_)); }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::string message_;
};

}  // namespace

std::vector<Seed> Seeds() {
  const std::string whole =
      SpoolBytes(kPart).Open().Connect(0, false).Chunk("abc").Chunk("de").bytes();
  std::string flipped = whole;
  flipped.back() = static_cast<char>(flipped.back() ^ 4);
  return {
      {"empty_part", std::string(1, kPart)},
      {"empty_sealed", std::string(1, kSealed)},
      {"opened", SpoolBytes(kPart).Open().bytes()},
      {"opened_file", SpoolBytes(kPart).OpenFile(1000).Chunk("abc").bytes()},
      {"chunks", whole},
      {"torn_body", whole.substr(0, whole.size() - 1)},
      {"torn_header", whole.substr(0, whole.size() - 10)},
      {"flipped", flipped},
      {"finished_part", SpoolBytes(kPart).Open().Chunk("abc").Finish().bytes()},
      {"sealed", SpoolBytes(kSealed).Open().Chunk("abc").Finish().bytes()},
      {"sealed_and_counted", SpoolBytes(kSealed)
                                 .Open()
                                 .Connect(0, false)
                                 .Chunk("abc")
                                 .Finish()
                                 .Connect(0, true)
                                 .bytes()},
      {"owned", SpoolBytes(kPart).Open().Own("alice").Chunk("abc").bytes()},
      {"owned_late", SpoolBytes(kSealed).Open().Finish().Own("alice").bytes()},
      {"owned_twice", SpoolBytes(kPart).Open().Own("alice").Own("alice").bytes()},
      {"sent_by", SpoolBytes(kPart).OpenBy("alice").Chunk("abc").bytes()},
      {"sealed_empty", SpoolBytes(kSealed).Open().Finish().bytes()},
      {"sealed_without_end", SpoolBytes(kSealed).Open().Chunk("abc").bytes()},
      {"chunk_after_end", SpoolBytes(kSealed).Open().Finish().Chunk("abc").bytes()},
      {"opened_twice", SpoolBytes(kPart).Open().Open().Chunk("abc").bytes()},
      {"other_run", SpoolBytes(kPart).Open(7).Chunk("abc").bytes()},
      {"no_opening", SpoolBytes(kPart).Chunk("abc").bytes()},
      {"two_connections",
       SpoolBytes(kPart).Open().Connect(0, true).Chunk("a").Connect(1, false).bytes()},
      {"empty_chunk", SpoolBytes(kPart).Open().Chunk("").Chunk("abc").bytes()},
      {"short_end", SpoolBytes(kSealed).Open().Put(SpoolKind::kFinish, "too short").bytes()},
      {"short_opening", SpoolBytes(kPart).Put(SpoolKind::kOpening, "short").bytes()},
  };
}

}  // namespace kvwire
