#include "common/coding/symbol_coder.h"

#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/base/checksum.h"
#include "gtest/gtest.h"
#include "tests/coding/coded_symbols.h"

namespace kvwire {
namespace {

// Symbols packed lowest bit first.
std::string Packed(const std::vector<uint32_t>& symbols, int symbol_bits) {
  std::string packed((symbols.size() * static_cast<size_t>(symbol_bits) + 7) / 8, '\0');
  size_t at = 0;
  for (const uint32_t symbol : symbols) {
    for (int i = 0; i < symbol_bits; ++i, ++at) {
      if ((symbol >> i & 1) != 0)
        packed[at / 8] = static_cast<char>(packed[at / 8] | 1 << at % 8);
    }
  }
  return packed;
}

std::string RandomBytes(size_t count, std::mt19937_64& random) {
  std::string bytes(count, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// Draws [rows, columns] symbols, each column from frequencies of its own; adds up the
// empirical entropy of the columns.
std::vector<uint32_t> DrawColumns(int64_t rows, int64_t columns, int symbol_bits, double skew,
                                  uint64_t seed, double& entropy_bits) {
  std::mt19937_64 random(seed);
  std::vector<uint32_t> symbols(static_cast<size_t>(rows * columns));
  entropy_bits = 0;
  for (int64_t column = 0; column < columns; ++column) {
    std::vector<double> weights(size_t{1} << symbol_bits);
    for (double& weight : weights) {
      weight = std::exp(skew * std::normal_distribution<>()(random));
    }
    std::discrete_distribution<uint32_t> draw(weights.begin(), weights.end());
    std::map<uint32_t, double> counts;
    for (int64_t row = 0; row < rows; ++row) {
      const uint32_t symbol = draw(random);
      symbols[static_cast<size_t>(row * columns + column)] = symbol;
      ++counts[symbol];
    }
    for (const auto& [symbol, count] : counts) {
      entropy_bits -= count * std::log2(count / static_cast<double>(rows));
    }
  }
  return symbols;
}

TEST(SymbolCoderTest, AllShortStringsOfBitsComeBackAsSymbolsOfAnyWidth) {
  for (int64_t bits = 0; bits <= 12; ++bits) {
    for (uint32_t value = 0; value < 1U << bits; ++value) {
      const std::string packed =
          Packed({value}, 16).substr(0, static_cast<size_t>((bits + 7) / 8));
      for (const int width : {1, 2, 3, 8, 16}) {
        const SymbolShape shape{.symbol_bits = width, .row_symbols = 2};
        const auto decoded = Decoded(shape, bits, Encoded(shape, bits, packed));
        ASSERT_TRUE(decoded.ok() && *decoded == packed)
            << bits << " " << value << " " << width;
      }
    }
  }
}

TEST(SymbolCoderTest, SymbolsOfEveryWidthShapeAndCountComeBack) {
  std::mt19937_64 random(1);
  for (int width = 1; width <= 16; ++width) {
    for (const int64_t columns : {1, 2, 7, 64, 5000}) {
      for (const int64_t kinds : {1, 2, 4}) {
        const auto bits = static_cast<int64_t>(random() % 60000);
        std::string packed = RandomBytes(static_cast<size_t>((bits + 7) / 8), random);
        for (char& c : packed) c = static_cast<char>(c & static_cast<char>(random()));
        if (bits % 8 != 0)
          packed.back() = static_cast<char>(packed.back() & ((1 << bits % 8) - 1));
        const SymbolShape shape{width, columns, kinds};
        const auto decoded = Decoded(shape, bits, Encoded(shape, bits, packed));
        ASSERT_TRUE(decoded.ok() && *decoded == packed) << width << " " << columns;
      }
    }
  }
}

TEST(SymbolCoderTest, SeveralBlocksComeBackWhateverThePieces) {
  std::mt19937_64 random(2);
  const std::string packed = RandomBytes(60000, random) + std::string(60000, '\0');
  const int64_t bits = 8 * 120000 - 3;
  const SymbolShape shape{.symbol_bits = 5, .row_symbols = 3};
  const std::string coded = Encoded(shape, bits, packed);
  for (const size_t piece : {size_t{1}, size_t{1000}, size_t{70001}}) {
    EXPECT_TRUE(Encoded(shape, bits, packed, piece) == coded);
    const auto decoded = Decoded(shape, bits, coded, piece);
    ASSERT_TRUE(decoded.ok() && *decoded == packed) << piece;
  }
}

TEST(SymbolCoderTest, TakesTheEmpiricalEntropyOfTheColumnsAndAFewPercent) {
  // In hundredths of the entropy: what learning the columns may cost.
  struct Case {
    int64_t rows;
    int64_t columns;
    int symbol_bits;
    double most_excess;
  };
  for (const Case& c : {Case{4096, 16, 2, 0.4}, Case{4096, 16, 4, 1.5}, Case{1024, 64, 3, 2.5},
                        Case{65536, 4, 8, 2.0}, Case{16384, 1, 8, 2.0}}) {
    double entropy_bits = 0;
    const auto symbols = DrawColumns(c.rows, c.columns, c.symbol_bits, 1, 3, entropy_bits);
    const SymbolShape shape{.symbol_bits = c.symbol_bits, .row_symbols = c.columns};
    const int64_t bits = c.rows * c.columns * c.symbol_bits;
    const double coded =
        8.0 * static_cast<double>(Encoded(shape, bits, Packed(symbols, c.symbol_bits)).size());
    EXPECT_GT(coded, entropy_bits);
    EXPECT_LT(coded, entropy_bits * (1 + c.most_excess / 100) + 40)
        << c.rows << " " << c.columns << " " << c.symbol_bits;
  }
}

TEST(SymbolCoderTest, ColumnsThatDifferAreWorthTelling) {
  double entropy_bits = 0;
  const auto symbols = DrawColumns(2000, 32, 4, 2, 4, entropy_bits);
  const std::string packed = Packed(symbols, 4);
  const int64_t bits = 2000 * 32 * 4;
  const size_t told = Encoded({.symbol_bits = 4, .row_symbols = 32}, bits, packed).size();
  const size_t untold = Encoded({.symbol_bits = 4}, bits, packed).size();
  EXPECT_LT(static_cast<double>(told), 0.8 * static_cast<double>(untold));
}

TEST(SymbolCoderTest, RandomSymbolsBecomeLittleLonger) {
  std::mt19937_64 random(5);
  const std::string packed = RandomBytes(200000, random);
  for (const int width : {1, 2, 4, 8, 16}) {
    for (const int64_t columns : {1, 128}) {
      const SymbolShape shape{.symbol_bits = width, .row_symbols = columns};
      const auto coded = static_cast<double>(Encoded(shape, 8 * 200000, packed).size());
      EXPECT_GT(coded, 200000);
      EXPECT_LT(coded, 200000 * 1.01) << width << " " << columns;
    }
  }
}

TEST(SymbolCoderTest, ConstantSymbolsCostNextToNothing) {
  const std::string packed(1 << 20, '\0');
  const size_t coded = Encoded({.row_symbols = 64}, int64_t{8} << 20, packed).size();
  EXPECT_GT(coded, (1 << 20) / 2900);
  EXPECT_LT(coded, (1 << 20) / 800);
}

// Pinned: the model is part of the format.
TEST(SymbolCoderTest, TheCodeIsTheSameOnEveryMachine) {
  std::mt19937_64 random(6);
  std::string packed(5000, '\0');
  for (char& c : packed) c = static_cast<char>(random() % 7 * (random() % 30));
  std::string codes;
  for (const SymbolShape& shape : {SymbolShape{8, 1, 1}, SymbolShape{8, 40, 4},
                                   SymbolShape{2, 12, 1}, SymbolShape{16, 3, 1}}) {
    codes += Encoded(shape, 39997, packed);
  }
  EXPECT_EQ(absl::BytesToHexString(Sha256Of(codes)),
            "71e4f5baa7066a5dd1dc8b7b293f1e2770ddee8bfed573bb5ebd06c7509d655d");
}

TEST(SymbolCoderTest, PassesTheErrorOfTheSinkOn) {
  const SymbolShape shape;
  const std::string packed(100000, 'x');
  const auto refuse = [](std::string_view) { return absl::UnavailableError("peer is gone"); };
  const auto take = [](std::string_view) { return absl::OkStatus(); };
  SymbolEncoder encoder(shape, 800000);
  EXPECT_EQ(encoder.Append(packed, refuse).message(), "peer is gone");
  SymbolEncoder last(shape, 8);
  EXPECT_EQ(last.Append("x", take), absl::OkStatus());
  EXPECT_EQ(last.Finish(refuse).message(), "peer is gone");
  SymbolDecoder decoder(shape, 800000);
  EXPECT_EQ(decoder.Append(Encoded(shape, 800000, packed), refuse).message(), "peer is gone");
}

}  // namespace
}  // namespace kvwire
