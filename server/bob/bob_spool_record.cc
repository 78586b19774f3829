#include "server/bob/bob_spool_record.h"

#include "absl/strings/str_cat.h"
#include "common/base/checksum.h"
#include "common/base/little_endian.h"
#include "common/reduction/parameters.h"

namespace kvwire {
namespace {

constexpr size_t kOpeningBytes = 8 + kParametersDigestBytes + 1 + 8;  // and the sender
constexpr size_t kConnectionBytes = 4 + 3 + 3 * 8;

bool IsKnown(SpoolKind kind) {
  return kind == SpoolKind::kOpening || kind == SpoolKind::kChunk ||
         kind == SpoolKind::kConnection || kind == SpoolKind::kOwner ||
         kind == SpoolKind::kRepeat || kind == SpoolKind::kFinish;
}

}  // namespace

std::string EncodeSpoolHeader(const SpoolHeader& header) {
  std::string bytes;
  AppendLittleEndian(static_cast<uint32_t>(header.kind), bytes);
  AppendLittleEndian(header.body_bytes, bytes);
  AppendLittleEndian(header.position, bytes);
  AppendLittleEndian(header.message_bytes, bytes);
  AppendLittleEndian(header.body_crc32c, bytes);
  AppendLittleEndian(Crc32c(bytes), bytes);
  return bytes;
}

absl::StatusOr<SpoolHeader> DecodeSpoolHeader(std::string_view bytes) {
  if (bytes.size() < kSpoolHeaderBytes) return absl::DataLossError("a record is cut short");
  bytes = bytes.substr(0, kSpoolHeaderBytes);
  const std::string_view counted = bytes.substr(0, kSpoolHeaderBytes - sizeof(uint32_t));
  if (Crc32c(counted) != LoadLittleEndian<uint32_t>(bytes.data() + counted.size())) {
    return absl::DataLossError("a record's header fails its checksum");
  }
  SpoolHeader header;
  header.kind = static_cast<SpoolKind>(LoadLittleEndian<uint32_t>(bytes.data()));
  header.body_bytes = LoadLittleEndian<uint32_t>(bytes.data() + 4);
  header.position = LoadLittleEndian<int64_t>(bytes.data() + 8);
  header.message_bytes = LoadLittleEndian<uint32_t>(bytes.data() + 16);
  header.body_crc32c = LoadLittleEndian<uint32_t>(bytes.data() + 20);
  if (!IsKnown(header.kind)) return absl::DataLossError("a record is of an unknown kind");
  if (header.body_bytes > kMaxSpoolBodyBytes) {
    return absl::DataLossError(absl::StrCat("a record of ", header.body_bytes,
                                            " bytes is longer than any is written"));
  }
  return header;
}

std::string EncodeOpening(const MessageOpening& opening) {
  std::string bytes;
  AppendLittleEndian(opening.run_id, bytes);
  bytes += opening.parameters_digest;
  AppendLittleEndian(static_cast<uint8_t>(opening.payload_bytes.has_value()), bytes);
  AppendLittleEndian(opening.payload_bytes.value_or(0), bytes);
  bytes += opening.sender;
  return bytes;
}

absl::StatusOr<MessageOpening> DecodeOpening(std::string_view body) {
  if (body.size() < kOpeningBytes) return absl::DataLossError("an opening is too short");
  MessageOpening opening;
  opening.run_id = LoadLittleEndian<uint64_t>(body.data());
  opening.parameters_digest = std::string(body.substr(8, kParametersDigestBytes));
  const char* payload = body.data() + 8 + kParametersDigestBytes;
  if (*payload != 0) opening.payload_bytes = LoadLittleEndian<int64_t>(payload + 1);
  opening.sender = std::string(body.substr(kOpeningBytes));
  if (opening.run_id == 0 || EncodeOpening(opening) != body) {
    return absl::DataLossError("an opening is none that is written");
  }
  return opening;
}

std::string EncodeConnection(const SpooledConnection& connection) {
  std::string bytes;
  AppendLittleEndian(connection.connection_id, bytes);
  AppendLittleEndian(static_cast<uint8_t>(connection.counted), bytes);
  AppendLittleEndian(static_cast<uint8_t>(connection.final), bytes);
  AppendLittleEndian(static_cast<uint8_t>(connection.clean), bytes);
  AppendLittleEndian(connection.sent_bytes, bytes);
  AppendLittleEndian(connection.received_bytes, bytes);
  AppendLittleEndian(connection.retransmitted_bytes, bytes);
  return bytes;
}

absl::StatusOr<SpooledConnection> DecodeConnection(std::string_view body) {
  if (body.size() != kConnectionBytes) {
    return absl::DataLossError("a connection has a wrong size");
  }
  const char* bytes = body.data();
  const SpooledConnection connection{
      .connection_id = LoadLittleEndian<uint32_t>(bytes),
      .counted = bytes[4] != 0,
      .final = bytes[5] != 0,
      .clean = bytes[6] != 0,
      .sent_bytes = LoadLittleEndian<int64_t>(bytes + 7),
      .received_bytes = LoadLittleEndian<int64_t>(bytes + 15),
      .retransmitted_bytes = LoadLittleEndian<int64_t>(bytes + 23)};
  if (EncodeConnection(connection) != body) {
    return absl::DataLossError("a connection is none that is written");
  }
  return connection;
}

}  // namespace kvwire
