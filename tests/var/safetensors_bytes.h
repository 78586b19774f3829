#ifndef KVWIRE_TESTS_VAR_SAFETENSORS_BYTES_H_
#define KVWIRE_TESTS_VAR_SAFETENSORS_BYTES_H_

// Safetensors files put together by hand, sound ones and others.

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace kvwire {

struct NamedTensor {
  std::string name;
  std::string dtype;
  std::string shape;  // as in the header, such as "[2, 3]"
  std::string bytes;
};

// A file of any header and data.
inline std::string SafetensorsBytes(const std::string& header, const std::string& data) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(header.size() >> 8 * i & 255));
  return bytes + header + data;
}

// A sound file of the tensors in order.
inline std::string SafetensorsBytes(const std::vector<NamedTensor>& tensors) {
  std::string header = "{\"__metadata__\":{\"format\":\"pt\"}";
  std::string data;
  for (const NamedTensor& tensor : tensors) {
    header += ",\"" + tensor.name + "\":{\"dtype\":\"" + tensor.dtype +
              "\",\"shape\":" + tensor.shape + ",\"data_offsets\":[" +
              std::to_string(data.size()) + ",";
    data += tensor.bytes;
    header += std::to_string(data.size()) + "]}";
  }
  header += "}";
  // Writers pad with spaces, so that the numbers are aligned.
  while (header.size() % 8 != 0) header += ' ';
  return SafetensorsBytes(header, data);
}

inline std::string FloatBytes(const std::vector<float>& numbers) {
  return std::string(reinterpret_cast<const char*>(numbers.data()),
                     numbers.size() * sizeof(float));
}

inline std::string HalfwordBytes(const std::vector<uint16_t>& halfwords) {
  std::string bytes;
  for (const uint16_t halfword : halfwords) {
    bytes.push_back(static_cast<char>(halfword & 255));
    bytes.push_back(static_cast<char>(halfword >> 8));
  }
  return bytes;
}

// A path of the running test's own.
inline std::string OwnPath() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  return ::testing::TempDir() + "/" + test->test_suite_name() + "." + test->name();
}

inline std::string WrittenFile(const std::string& bytes) {
  const std::string path = OwnPath();
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_VAR_SAFETENSORS_BYTES_H_
