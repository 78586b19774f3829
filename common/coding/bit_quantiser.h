#ifndef KVWIRE_COMMON_CODING_BIT_QUANTISER_H_
#define KVWIRE_COMMON_CODING_BIT_QUANTISER_H_

// Fair bits in fewer bits, some of them wrong: blocks of one length coded by the best code
// for that length and distortion, polar (polar_code.h) or trellis (trellis_code.h). A word
// that is not of fair bits is to be made so first, by a public mask.
//
// A source that is longer than one wants to hold is cut into blocks, a quantiser for each
// length of block; whoever encodes or decodes holds one block at a time.

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "common/base/bit_vector.h"
#include "common/coding/polar_code.h"
#include "common/coding/polar_encoder.h"
#include "common/coding/polar_list_encoder.h"
#include "common/coding/trellis_code.h"

namespace kvwire {

// Movable; not thread-safe. Memory: N / 8 bytes, N being the least power of two that is not
// below the length; 4 N more in Create, 6 N paths more from the first Encode of a polar code
// on; for a trellis 2^kTrellisMemory bits a bit of message during Encode.
class BitQuantiser {
 public:
  // `paths` is how many choices the encoder of a polar code weighs at once
  // (polar_list_encoder.h): a message needs fewer bits if they are more, and is written at
  // less than 1 / paths of the speed. Both sides must agree on it.
  //
  // Finds by public trial (distortion_search.h) how many bits of message it takes, the same on
  // every machine. Returns INVALID_ARGUMENT unless 1 <= length <= kMostPolarBlock and 0 <=
  // distortion <= 1/2 and 1 <= paths <= kMostPolarPaths.
  static absl::StatusOr<BitQuantiser> Create(int64_t length, double distortion, int paths);

  // The same quantiser for one who knows its information_bits(): faster. Returns
  // INVALID_ARGUMENT as above, and if no code has so many.
  static absl::StatusOr<BitQuantiser> Create(int64_t length, double distortion, int paths,
                                             int64_t information_bits);

  int64_t length() const { return IsTrellis() ? trellis_.length : polar_.length; }
  // Of a message: 0 to length().
  int64_t information_bits() const {
    return IsTrellis() ? trellis_.information_bits : polar_.information_bits;
  }
  bool IsTrellis() const { return trellis_.length > 0; }

  // The message for a word of length() bits, of which about `distortion` are to come out
  // wrong. The same on every machine.
  BitVector Encode(const BitVector& source);

  // What a message of information_bits() bits says. Every message says something.
  BitVector Decode(const BitVector& message) const;

 private:
  BitQuantiser(PolarCode code, int paths) : polar_(std::move(code)), paths_(paths) {}
  explicit BitQuantiser(const TrellisCode& code) : trellis_(code) {}

  // One of the two; the other has length 0.
  PolarCode polar_;
  TrellisCode trellis_;
  int paths_ = 1;
  // One of these from the first Encode of a polar code on.
  std::unique_ptr<PolarEncoder> plain_;
  std::unique_ptr<PolarListEncoder> list_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_BIT_QUANTISER_H_
