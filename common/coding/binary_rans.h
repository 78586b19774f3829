#ifndef KVWIRE_COMMON_CODING_BINARY_RANS_H_
#define KVWIRE_COMMON_CODING_BINARY_RANS_H_

// Range asymmetric numeral systems (Duda 2013, arXiv 1311.2540) for binary decisions whose
// probabilities both sides know. A block of decisions becomes a number, kept from 2^24 to
// 2^40 by moving 16-bit words out of it. Decisions come out in the order in which they were
// put in, because the encoder works backwards through its block.
//
// Every step of the encoder has an exact inverse, and it begins at one fixed number. So a
// block from which a decoder arrives at that number, with nothing left over, is the one
// that the encoder writes for those decisions: there is no second spelling.

#include <cstdint>
#include <string>
#include <vector>

namespace kvwire {

// A decision, and the probability of it being a 1: from 1 to 2^16 - 1, in 2^-16.
struct Decision {
  uint16_t probability = 0;
  bool one = false;
};

// A block begins with its last number; words follow.
inline constexpr size_t kRansStateBytes = 5;
inline constexpr size_t kRansWordBytes = 2;

// Appends a block to `out`: the information in its decisions, and at most 5 bytes.
void EncodeRansBlock(const std::vector<Decision>& block, std::string& out);

class RansDecoder {
 public:
  // Begins a block with its first kRansStateBytes. False if no block begins so.
  bool Begin(const char* bytes);

  // The next decision. Only while NeedsWord() is false.
  bool Take(uint32_t probability);

  // Whether the block's next word is due.
  bool NeedsWord() const { return state_ < kInitial; }
  void TakeWord(const char* bytes);  // kRansWordBytes

  // Whether this is where the encoder began.
  bool AtEnd() const { return state_ == kInitial; }

  // Where every block begins; numbers are below 2^16 times as much.
  static constexpr uint64_t kInitial = uint64_t{1} << 24;

 private:
  uint64_t state_ = kInitial;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_BINARY_RANS_H_
