#ifndef KVWIRE_TESTS_FUZZ_RECORDS_H_
#define KVWIRE_TESTS_FUZZ_RECORDS_H_

// An input that is a sequence of things that happen: each a byte that says what, two for a
// length, little-endian, and as many bytes.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kvwire {

struct Record {
  uint8_t kind = 0;
  std::string bytes;
};

// The records of any bytes; what the last one lacks is left out.
inline std::vector<Record> RecordsOf(std::string_view input) {
  constexpr size_t kPrefix = 3;
  std::vector<Record> records;
  while (input.size() >= kPrefix) {
    const auto byte = [&](size_t at) { return size_t{static_cast<uint8_t>(input[at])}; };
    const std::string_view bytes = input.substr(kPrefix, byte(1) + 256 * byte(2));
    records.push_back({static_cast<uint8_t>(input[0]), std::string(bytes)});
    input.remove_prefix(kPrefix + bytes.size());
  }
  return records;
}

// RecordsOf() inverts it. What a record has over 65535 bytes is cut off.
inline std::string BytesOf(const std::vector<Record>& records) {
  std::string input;
  for (const Record& record : records) {
    const std::string_view bytes = std::string_view(record.bytes).substr(0, 65535);
    input += static_cast<char>(record.kind);
    input += static_cast<char>(bytes.size() % 256);
    input += static_cast<char>(bytes.size() / 256);
    input += bytes;
  }
  return input;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_FUZZ_RECORDS_H_
