#ifndef KVWIRE_COMMON_CODING_SYMBOL_CODER_H_
#define KVWIRE_COMMON_CODING_SYMBOL_CODER_H_

// Packed symbols to fewer bytes and back, by what SymbolModel expects of them. Integers
// only: the same bytes on every machine. The code is
//   coded = block*       binary_rans.h
// where a block holds as many whole symbols as have 2^17 bits, the last one the rest. So
// the code takes the symbols' information under the model and 3 to 5 bytes a block. Random
// symbols become a little longer: the model learns that there is nothing to learn.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/coding/binary_rans.h"
#include "common/coding/symbol_model.h"

namespace kvwire {

// Takes the next piece of an output, of at most kMostCodedPiece bytes.
using CodedSink = absl::FunctionRef<absl::Status(std::string_view)>;
inline constexpr size_t kMostCodedPiece = size_t{1} << 16;

inline constexpr int64_t kBlockBits = int64_t{1} << 17;

// Symbols are packed lowest bit first; where `bits` is not a multiple of symbol_bits, the
// last symbol is shorter. Thread-compatible.
class SymbolEncoder {
 public:
  SymbolEncoder(const SymbolShape& shape, int64_t bits);

  // Takes the next bytes of the packed symbols, at most as many as `bits` are. Unused bits
  // of the last one are ignored. Returns the sink's first error.
  absl::Status Append(std::string_view bytes, CodedSink sink);

  // Once all bytes are there. Returns the sink's first error.
  absl::Status Finish(CodedSink sink);

 private:
  void EncodeSymbol(uint32_t symbol, int width);
  absl::Status EndBlock(CodedSink sink);

  SymbolShape shape_;
  SymbolModel model_;
  int64_t bits_left_;
  int64_t symbols_ = 0;
  uint64_t unread_ = 0;  // bits of symbols that are not complete
  int unread_bits_ = 0;
  std::vector<Decision> block_;
};

class SymbolDecoder {
 public:
  // `shape` and `bits` as they were encoded.
  SymbolDecoder(const SymbolShape& shape, int64_t bits);

  // Takes the next bytes of the code and hands on what they say, as they come. Because no
  // decision is free (adaptive_bit.h), a byte of code is 23000 bits of symbols at most,
  // whatever `bits` are announced. Returns the sink's first error, or DATA_LOSS on what
  // SymbolEncoder does not write.
  absl::Status Append(std::string_view coded, CodedSink sink);

  // Once all bytes are there. Errors as Append, and DATA_LOSS unless they are the whole
  // code, and the one that SymbolEncoder writes for these symbols.
  absl::Status Finish(CodedSink sink);

 private:
  absl::Status Decode(size_t reserve, CodedSink sink);
  absl::Status BeginBlock();
  absl::Status DecodeSymbol();
  absl::Status Flush(size_t least, CodedSink sink);

  SymbolShape shape_;
  SymbolModel model_;
  RansDecoder rans_;
  int64_t bits_left_;
  int64_t symbols_ = 0;
  std::string coded_;  // not yet decoded, from position_ on
  size_t position_ = 0;
  std::string decoded_;   // not yet handed on
  uint64_t partial_ = 0;  // bits of a byte that is not complete
  int partial_bits_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_SYMBOL_CODER_H_
