#ifndef KVWIRE_COMMON_BASE_VARINT_H_
#define KVWIRE_COMMON_BASE_VARINT_H_

// Whole numbers in as few bytes as they need: seven bits a byte, lowest first, all bytes
// but the last with the highest bit set.

#include <cstdint>
#include <string>

namespace kvwire {

inline void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<char>(value % 128 | 128));
  out.push_back(static_cast<char>(value));
}

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_VARINT_H_
