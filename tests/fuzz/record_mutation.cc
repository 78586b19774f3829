#include "tests/fuzz/record_mutation.h"

#include <cstring>
#include <utility>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace kvwire {

void MutateRecordBytes(std::vector<Record>& records, size_t chosen, size_t room,
                       std::mt19937& /*random*/) {
  std::string& bytes = records[chosen].bytes;
  const size_t size = bytes.size();
  if (size + room == 0) return;
  bytes.resize(size + room);
  bytes.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes.data()), size, size + room));
}

size_t MutateRecords(uint8_t* data, size_t size, size_t max_size, unsigned int seed,
                     const RecordMutation& mutate) {
  std::mt19937 random(seed);
  std::vector<Record> records;
  if (size < max_size && random() % 8 != 0) {
    records = RecordsOf({reinterpret_cast<const char*>(data), size});
  }
  if (records.empty()) return LLVMFuzzerMutate(data, size, max_size);
  const size_t chosen = random() % records.size();
  const auto place = records.begin() + static_cast<ptrdiff_t>(chosen);
  switch (random() % 16) {
    case 0:
      records.erase(place);
      break;
    case 1:
      records.insert(place, Record(*place));
      break;
    case 2:
      std::swap(*place, records[random() % records.size()]);
      break;
    case 3:
      place->kind = static_cast<uint8_t>(random() % 16);
      break;
    default:
      mutate(records, chosen, max_size - size, random);
      break;
  }
  const std::string bytes = BytesOf(records);
  if (bytes.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

}  // namespace kvwire
