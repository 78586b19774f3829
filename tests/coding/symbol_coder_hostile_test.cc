// Codes that were cut, changed or made up: an error, or the only code of what they say.

#include <random>
#include <string>

#include "common/coding/symbol_coder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/coding/coded_symbols.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::_;

constexpr SymbolShape kShape{.symbol_bits = 4, .row_symbols = 5};
constexpr int64_t kBits = 4 * 400;

std::string Symbols() {
  std::mt19937_64 random(1);
  std::string packed(kBits / 8, '\0');
  for (char& c : packed) c = static_cast<char>(random() & random() & random());
  return packed;
}

TEST(SymbolDecoderTest, ATruncatedCodeIsDataLoss) {
  const std::string coded = Encoded(kShape, kBits, Symbols());
  for (size_t length = 0; length < coded.size(); ++length) {
    for (const size_t piece : {size_t{1}, size_t{1000}}) {
      EXPECT_THAT(Decoded(kShape, kBits, coded.substr(0, length), piece),
                  StatusIs(absl::StatusCode::kDataLoss, _));
    }
  }
}

TEST(SymbolDecoderTest, TrailingBytesAreDataLoss) {
  const std::string coded = Encoded(kShape, kBits, Symbols());
  for (size_t extra = 1; extra < 100; ++extra) {
    for (const size_t piece : {size_t{1}, size_t{1000}}) {
      EXPECT_THAT(Decoded(kShape, kBits, coded + std::string(extra, '\0'), piece),
                  StatusIs(absl::StatusCode::kDataLoss, _));
    }
  }
  EXPECT_THAT(Decoded(kShape, 0, "x"), StatusIs(absl::StatusCode::kDataLoss, _));
}

TEST(SymbolDecoderTest, AFlippedBitIsDataLossOrTheCodeOfOtherSymbols) {
  const std::string coded = Encoded(kShape, kBits, Symbols());
  for (size_t bit = 0; bit < 8 * coded.size(); ++bit) {
    std::string flipped = coded;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    const auto decoded = Decoded(kShape, kBits, flipped);
    if (decoded.ok()) {
      EXPECT_EQ(Encoded(kShape, kBits, *decoded), flipped);
    } else {
      EXPECT_THAT(decoded, StatusIs(absl::StatusCode::kDataLoss, _));
    }
  }
}

TEST(SymbolDecoderTest, ChangedBytesAreDataLossOrTheOnlyCodeOfWhatTheySay) {
  std::mt19937_64 random(2);
  int good = 0;
  for (int trial = 0; trial < 100000; ++trial) {
    const SymbolShape shape{static_cast<int>(1 + random() % 16),
                            static_cast<int64_t>(1 + random() % 5), 1};
    const auto bits = static_cast<int64_t>(1 + random() % 64);
    std::string packed(static_cast<size_t>((bits + 7) / 8), '\0');
    for (char& c : packed) c = static_cast<char>(random());
    std::string coded = Encoded(shape, bits, packed);
    for (int changes = 0; changes < 2; ++changes) {
      coded[random() % coded.size()] = static_cast<char>(random());
    }
    const auto decoded = Decoded(shape, bits, coded);
    if (!decoded.ok()) {
      EXPECT_THAT(decoded, StatusIs(absl::StatusCode::kDataLoss, _));
      continue;
    }
    ++good;
    EXPECT_EQ(Encoded(shape, bits, *decoded), coded);
  }
  EXPECT_GT(good, 500);
}

// A short code that announces 2^55 bits ends as soon as its bytes are spent, whatever they
// are: most of all those of an endless row of the most probable symbols.
TEST(SymbolDecoderTest, TheOutputIsBoundedByTheCodeNotByWhatIsAnnounced) {
  constexpr int64_t kAnnounced = int64_t{1} << 55;
  std::mt19937_64 random(3);
  const std::string zeros = Encoded({}, 8 << 20, std::string(1 << 20, '\0'));
  std::string noise(1000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  for (const std::string& coded :
       {zeros, noise, std::string(1000, '\0'), std::string(1000, '\xff'), std::string("\1")}) {
    for (const SymbolShape& shape :
         {SymbolShape{}, SymbolShape{1, 1, 1}, SymbolShape{16, 64, 4}}) {
      EXPECT_THAT(Decoded(shape, kAnnounced, coded, 100, 23000 / 8 * (coded.size() + 5)),
                  StatusIs(absl::StatusCode::kDataLoss, _));
    }
  }
}

}  // namespace
}  // namespace kvwire
