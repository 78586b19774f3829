#ifndef KVWIRE_COMMON_BASE_BIT_VECTOR_H_
#define KVWIRE_COMMON_BASE_BIT_VECTOR_H_

// A fixed-length sequence of bits, packed eight to a byte, lowest bit first.
// Bit i of an instance x in {0,1}^{L x d} is x[i / d][i % d] (row-major).
// Bits past the end in the last byte are always 0. Not thread-safe for writes.

#include <cstdint>
#include <string>
#include <string_view>

namespace kvwire {

class BitVector {
 public:
  BitVector() = default;
  explicit BitVector(int64_t size_bits);  // all zeros; size_bits >= 0

  // Takes the first size_bits bits of `bytes`; missing bytes read as zeros,
  // surplus bits are dropped.
  static BitVector FromBytes(std::string_view bytes, int64_t size_bits);

  int64_t size_bits() const { return size_bits_; }
  // The packed form, ceil(size_bits / 8) bytes.
  const std::string& bytes() const { return bytes_; }

  bool Get(int64_t position) const;  // 0 <= position < size_bits()
  void Set(int64_t position, bool value);

  // Replaces this by this XOR other. Sizes must be equal.
  void Xor(const BitVector& other);

  // The Hamming distance to `other`, of equal size.
  int64_t Distance(const BitVector& other) const;

  bool operator==(const BitVector& other) const = default;

 private:
  int64_t size_bits_ = 0;
  std::string bytes_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_BIT_VECTOR_H_
