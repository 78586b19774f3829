#include "common/coding/symbol_model.h"

#include <cmath>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

// Learns `symbol` in `column` and returns what it cost, in bits.
double Learn(SymbolModel& model, int symbol_bits, int64_t column, uint32_t symbol) {
  double bits = 0;
  model.BeginSymbol(column);
  for (int i = symbol_bits; i-- > 0;) {
    const bool one = (symbol >> i & 1) != 0;
    const double p = model.Probability() / 65536.0;
    bits -= std::log2(one ? p : 1 - p);
    model.Update(one);
  }
  return bits;
}

TEST(SymbolModelTest, AnyFirstSymbolCostsItsWidth) {
  for (int width = 1; width <= 16; ++width) {
    for (const uint32_t symbol : {0U, 1U, (1U << width) - 1}) {
      SymbolModel model({.symbol_bits = width, .row_symbols = 3});
      EXPECT_NEAR(Learn(model, width, 1, symbol), width, 1e-3);
    }
  }
}

TEST(SymbolModelTest, ColumnsAreToldApart) {
  SymbolModel model({.symbol_bits = 4, .row_symbols = 2});
  for (int row = 0; row < 500; ++row) {
    Learn(model, 4, 0, 3);
    Learn(model, 4, 1, 12);
  }
  EXPECT_LT(Learn(model, 4, 0, 3), 0.3);
  EXPECT_LT(Learn(model, 4, 1, 12), 0.3);
  EXPECT_GT(Learn(model, 4, 0, 12), 4);
}

TEST(SymbolModelTest, AColumnBeginsWithWhatTheOthersHaveShown) {
  SymbolModel model({.symbol_bits = 8, .row_symbols = 100});
  for (int64_t column = 0; column < 99; ++column) Learn(model, 8, column, 42);
  EXPECT_LT(Learn(model, 8, 99, 42), 0.5);
}

TEST(SymbolModelTest, KindsShareNothing) {
  SymbolModel model({.symbol_bits = 8, .row_symbols = 4, .kinds = 2});
  for (int i = 0; i < 100; ++i) Learn(model, 8, 2 * (i % 2), 42);
  EXPECT_NEAR(Learn(model, 8, 1, 42), 8, 1e-3);
  EXPECT_LT(Learn(model, 8, 2, 42), 0.5);
}

TEST(SymbolModelTest, ProbabilitiesStayClearOfZeroAndOne) {
  SymbolModel model({.symbol_bits = 1, .row_symbols = 2});
  for (const bool one : {false, true}) {
    for (int i = 0; i < 100000; ++i) {
      model.BeginSymbol(i % 2);
      ASSERT_GE(model.Probability(), kLeastProbability);
      ASSERT_LE(model.Probability(), 65536 - kLeastProbability);
      model.Update(one);
    }
  }
}

// Without a bound 2^40 columns would be terabytes.
TEST(SymbolModelTest, ColumnsBeyondTheBoundShare) {
  SymbolModel model({.symbol_bits = 8, .row_symbols = int64_t{1} << 40, .kinds = 4});
  constexpr int64_t kOwnColumns = (int64_t{1} << 22) / 256;
  for (int row = 0; row < 300; ++row) {
    Learn(model, 8, 0, 3);
    Learn(model, 8, 4, 12);
  }
  EXPECT_LT(Learn(model, 8, kOwnColumns, 3), 1);
  EXPECT_LT(Learn(model, 8, (int64_t{1} << 30) + 4, 12), 1);
  EXPECT_GT(Learn(model, 8, 4, 3), 4);
}

}  // namespace
}  // namespace kvwire
