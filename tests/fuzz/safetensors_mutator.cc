// Changes the header of a safetensors file, or its data, and puts the length of the header
// right again. One change in eight is of any bytes.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>

#include "common/base/little_endian.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  constexpr size_t kLengthBytes = 8;
  std::minstd_rand random(seed);
  // A file of full size has no room to grow, which the fuzzer's own changes need.
  if (size <= kLengthBytes || size >= max_size || random() % 8 == 0)
    return LLVMFuzzerMutate(data, size, max_size);
  const uint64_t announced = kvwire::LoadLittleEndian<uint64_t>(reinterpret_cast<char*>(data));
  const size_t header = std::min<uint64_t>(announced, size - kLengthBytes);
  uint8_t* const text = data + kLengthBytes;
  const size_t data_bytes = size - kLengthBytes - header;
  if (random() % 4 == 0) {
    return size - data_bytes +
           LLVMFuzzerMutate(text + header, data_bytes, max_size - (size - data_bytes));
  }
  // The numbers are put aside: the text before them grows and shrinks.
  const std::string numbers(reinterpret_cast<char*>(text + header), data_bytes);
  const uint64_t length = LLVMFuzzerMutate(text, header, max_size - kLengthBytes - data_bytes);
  std::memcpy(data, &length, kLengthBytes);
  std::memcpy(text + length, numbers.data(), data_bytes);
  return kLengthBytes + length + data_bytes;
}
