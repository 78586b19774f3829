#include "common/coding/symbol_coder.h"

#include <algorithm>

#include "common/base/status_macros.h"

namespace kvwire {
namespace {

int WidthOf(const SymbolShape& shape, int64_t bits_left) {
  return static_cast<int>(std::min<int64_t>(shape.symbol_bits, bits_left));
}

int64_t BlockSymbols(const SymbolShape& shape) { return kBlockBits / shape.symbol_bits; }

absl::Status NotACode() {
  return absl::DataLossError("coded symbols are not those of any encoder");
}

}  // namespace

SymbolEncoder::SymbolEncoder(const SymbolShape& shape, int64_t bits)
    : shape_(shape), model_(shape), bits_left_(bits) {}

absl::Status SymbolEncoder::Append(std::string_view bytes, CodedSink sink) {
  for (const char c : bytes) {
    unread_ |= uint64_t{static_cast<uint8_t>(c)} << unread_bits_;
    unread_bits_ += 8;
    for (int width = WidthOf(shape_, bits_left_); width > 0 && unread_bits_ >= width;
         width = WidthOf(shape_, bits_left_)) {
      EncodeSymbol(static_cast<uint32_t>(unread_ & ((uint64_t{1} << width) - 1)), width);
      unread_ >>= width;
      unread_bits_ -= width;
      if (symbols_ % BlockSymbols(shape_) == 0) KVWIRE_RETURN_IF_ERROR(EndBlock(sink));
    }
  }
  return absl::OkStatus();
}

absl::Status SymbolEncoder::Finish(CodedSink sink) {
  return block_.empty() ? absl::OkStatus() : EndBlock(sink);
}

void SymbolEncoder::EncodeSymbol(uint32_t symbol, int width) {
  model_.BeginSymbol(symbols_ % shape_.row_symbols);
  for (int i = width; i-- > 0;) {
    const bool one = (symbol >> i & 1) != 0;
    block_.push_back({static_cast<uint16_t>(model_.Probability()), one});
    model_.Update(one);
  }
  bits_left_ -= width;
  ++symbols_;
}

absl::Status SymbolEncoder::EndBlock(CodedSink sink) {
  std::string coded;
  EncodeRansBlock(block_, coded);
  block_.clear();
  for (std::string_view rest = coded; !rest.empty();) {
    KVWIRE_RETURN_IF_ERROR(sink(rest.substr(0, kMostCodedPiece)));
    rest.remove_prefix(std::min(rest.size(), kMostCodedPiece));
  }
  return absl::OkStatus();
}

SymbolDecoder::SymbolDecoder(const SymbolShape& shape, int64_t bits)
    : shape_(shape), model_(shape), bits_left_(bits) {}

absl::Status SymbolDecoder::Append(std::string_view coded, CodedSink sink) {
  coded_.erase(0, position_);
  position_ = 0;
  coded_.append(coded);
  // As much as the longest symbol can take, at the beginning of a block.
  const size_t longest =
      kRansStateBytes + kRansWordBytes * static_cast<size_t>(shape_.symbol_bits);
  KVWIRE_RETURN_IF_ERROR(Decode(longest, sink));
  return bits_left_ == 0 && position_ < coded_.size() ? NotACode() : absl::OkStatus();
}

absl::Status SymbolDecoder::Finish(CodedSink sink) {
  KVWIRE_RETURN_IF_ERROR(Decode(0, sink));
  if (position_ < coded_.size() || !rans_.AtEnd()) return NotACode();
  if (partial_bits_ > 0) decoded_.push_back(static_cast<char>(partial_));
  return Flush(1, sink);
}

// Decodes symbols while at least `reserve` bytes are there for the next one.
absl::Status SymbolDecoder::Decode(size_t reserve, CodedSink sink) {
  while (bits_left_ > 0 && coded_.size() - position_ >= reserve) {
    if (symbols_ % BlockSymbols(shape_) == 0) KVWIRE_RETURN_IF_ERROR(BeginBlock());
    KVWIRE_RETURN_IF_ERROR(DecodeSymbol());
    KVWIRE_RETURN_IF_ERROR(Flush(kMostCodedPiece, sink));
  }
  return absl::OkStatus();
}

absl::Status SymbolDecoder::BeginBlock() {
  if (!rans_.AtEnd() || coded_.size() - position_ < kRansStateBytes ||
      !rans_.Begin(coded_.data() + position_)) {
    return NotACode();
  }
  position_ += kRansStateBytes;
  return absl::OkStatus();
}

absl::Status SymbolDecoder::DecodeSymbol() {
  const int width = WidthOf(shape_, bits_left_);
  model_.BeginSymbol(symbols_ % shape_.row_symbols);
  uint64_t symbol = 0;
  for (int i = 0; i < width; ++i) {
    const bool one = rans_.Take(model_.Probability());
    model_.Update(one);
    symbol = symbol << 1 | (one ? 1 : 0);
    if (!rans_.NeedsWord()) continue;
    if (coded_.size() - position_ < kRansWordBytes) return NotACode();
    rans_.TakeWord(coded_.data() + position_);
    position_ += kRansWordBytes;
  }
  partial_ |= symbol << partial_bits_;
  partial_bits_ += width;
  for (; partial_bits_ >= 8; partial_bits_ -= 8) {
    decoded_.push_back(static_cast<char>(partial_));
    partial_ >>= 8;
  }
  bits_left_ -= width;
  ++symbols_;
  return absl::OkStatus();
}

// Hands on what has been decoded, if it is at least so much.
absl::Status SymbolDecoder::Flush(size_t least, CodedSink sink) {
  if (decoded_.size() < least) return absl::OkStatus();
  const absl::Status status = sink(decoded_);
  decoded_.clear();
  return status;
}

}  // namespace kvwire
