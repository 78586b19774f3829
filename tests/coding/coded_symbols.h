#ifndef KVWIRE_TESTS_CODING_CODED_SYMBOLS_H_
#define KVWIRE_TESTS_CODING_CODED_SYMBOLS_H_

// Symbols to code and back in one call.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/coding/symbol_coder.h"
#include "gtest/gtest.h"

namespace kvwire {

// The code of packed symbols that are handed over in pieces of `piece` bytes.
inline std::string Encoded(const SymbolShape& shape, int64_t bits, std::string_view packed,
                           size_t piece = std::string_view::npos) {
  std::string coded;
  const auto sink = [&coded](std::string_view part) {
    EXPECT_LE(part.size(), kMostCodedPiece);
    coded.append(part);
    return absl::OkStatus();
  };
  SymbolEncoder encoder(shape, bits);
  while (!packed.empty()) {
    const std::string_view part = packed.substr(0, piece);
    EXPECT_EQ(encoder.Append(part, sink), absl::OkStatus());
    packed.remove_prefix(part.size());
  }
  EXPECT_EQ(encoder.Finish(sink), absl::OkStatus());
  return coded;
}

// The symbols of a code that is handed over in such pieces; `most` bytes of them, or
// RESOURCE_EXHAUSTED.
inline absl::StatusOr<std::string> Decoded(const SymbolShape& shape, int64_t bits,
                                           std::string_view coded,
                                           size_t piece = std::string_view::npos,
                                           size_t most = std::string_view::npos) {
  std::string packed;
  const auto sink = [&packed, most](std::string_view part) {
    packed.append(part);
    return packed.size() > most ? absl::ResourceExhaustedError("too many symbols")
                                : absl::OkStatus();
  };
  SymbolDecoder decoder(shape, bits);
  while (!coded.empty()) {
    const std::string_view part = coded.substr(0, piece);
    const absl::Status status = decoder.Append(part, sink);
    if (!status.ok()) return status;
    coded.remove_prefix(part.size());
  }
  const absl::Status status = decoder.Finish(sink);
  if (!status.ok()) return status;
  return packed;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CODING_CODED_SYMBOLS_H_
