#ifndef KVWIRE_COMMON_BASE_LITTLE_ENDIAN_H_
#define KVWIRE_COMMON_BASE_LITTLE_ENDIAN_H_

// Fixed-width little-endian integers in byte strings.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

namespace kvwire {

static_assert(std::endian::native == std::endian::little,
              "formats are written by memcpy: a big-endian port needs byte swaps here");

template <typename T>
void AppendLittleEndian(T value, std::string& out) {
  static_assert(std::is_trivially_copyable_v<T>);
  const size_t at = out.size();
  out.resize(at + sizeof(T));
  std::memcpy(out.data() + at, &value, sizeof(T));
}

// Reads a T at `bytes`, which must hold sizeof(T) bytes.
template <typename T>
T LoadLittleEndian(const char* bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_LITTLE_ENDIAN_H_
