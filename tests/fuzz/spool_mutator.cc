// Changes a record of a spool file, or their order, and puts lengths, positions and checksums
// right again. One change in eight is of any bytes.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/checksum.h"
#include "server/bob/bob_spool_record.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace kvwire {
namespace {

struct SpoolRecord {
  SpoolHeader header;
  std::string body;
};

std::vector<SpoolRecord> RecordsOfFile(std::string_view file) {
  std::vector<SpoolRecord> records;
  while (true) {
    const auto header = DecodeSpoolHeader(file.substr(0, kSpoolHeaderBytes));
    if (!header.ok()) return records;
    file.remove_prefix(kSpoolHeaderBytes);
    const std::string_view body = file.substr(0, header->body_bytes);
    records.push_back({*header, std::string(body)});
    file.remove_prefix(body.size());
  }
}

std::string FileOf(std::vector<SpoolRecord>& records, bool keep_positions) {
  std::string file;
  int64_t position = 0;
  for (SpoolRecord& record : records) {
    record.header.body_bytes = static_cast<uint32_t>(record.body.size());
    record.header.body_crc32c = Crc32c(record.body);
    if (!keep_positions) record.header.position = position;
    if (record.header.kind == SpoolKind::kChunk) position += record.header.body_bytes;
    file += EncodeSpoolHeader(record.header) + record.body;
  }
  return file;
}

void Mutate(std::vector<SpoolRecord>& records, size_t room, std::mt19937& random) {
  const size_t chosen = random() % records.size();
  const auto place = records.begin() + static_cast<ptrdiff_t>(chosen);
  switch (random() % 8) {
    case 0:
      records.erase(place);
      return;
    case 1:
      records.insert(place, SpoolRecord(*place));
      return;
    case 2:
      std::swap(*place, records[random() % records.size()]);
      return;
    case 3:
      place->header.message_bytes = static_cast<uint32_t>(random());
      return;
    case 4:
      place->header.position += static_cast<int64_t>(random() % 3) - 1;
      return;
    default:
      break;
  }
  const size_t size = place->body.size();
  place->body.resize(size + room);
  place->body.resize(
      LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(place->body.data()), size, size + room));
}

}  // namespace
}  // namespace kvwire

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  using namespace kvwire;
  std::mt19937 random(seed);
  std::vector<SpoolRecord> records;
  if (size > 1 && size < max_size && random() % 8 != 0) {
    records = RecordsOfFile({reinterpret_cast<const char*>(data + 1), size - 1});
  }
  if (records.empty()) return LLVMFuzzerMutate(data, size, max_size);
  Mutate(records, max_size - size, random);
  std::string file = FileOf(records, /*keep_positions=*/random() % 4 == 0);
  file.resize(std::min(file.size(), max_size - 1));
  if (random() % 8 == 0) data[0] ^= 1;
  std::memcpy(data + 1, file.data(), file.size());
  return 1 + file.size();
}
