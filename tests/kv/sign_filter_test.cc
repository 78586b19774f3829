#include "common/kv/algorithms/sign_filter.h"

#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/attention/kernel/instruction_set.h"
#include "common/base/ordered_dot.h"
#include "common/kv/algorithms/sign_sketch.h"
#include "gtest/gtest.h"
#include "tests/kv/tokens.h"

namespace kvwire {
namespace {

std::vector<int64_t> UpTo(int64_t count) {
  std::vector<int64_t> channels(static_cast<size_t>(count));
  std::iota(channels.begin(), channels.end(), 0);
  return channels;
}

std::vector<double> LengthsOf(const Matrix& vectors) {
  std::vector<double> lengths;
  for (int64_t i = 0; i < vectors.rows(); ++i) {
    lengths.push_back(OrderedNorm(
        absl::Span<const float>(vectors.row(i).data(), static_cast<size_t>(vectors.cols()))));
  }
  return lengths;
}

// Of small whole numbers, in which nothing rounds.
int64_t WholeProduct(const Matrix& a, int64_t i, const Matrix& b, int64_t j) {
  int64_t sum = 0;
  for (int64_t k = 0; k < a.cols(); ++k) {
    sum += static_cast<int64_t>(a(i, k)) * static_cast<int64_t>(b(j, k));
  }
  return sum;
}

Matrix WholeNumbers(int64_t rows, int64_t width, std::mt19937_64& random) {
  Matrix numbers(rows, width);
  for (float& x : numbers.reshaped()) x = static_cast<float>(random() % 7) - 3;
  return numbers;
}

class EachInstructionSet : public ::testing::TestWithParam<InstructionSet> {
 protected:
  EachInstructionSet() { SetAttentionInstructionSet(GetParam()); }
  ~EachInstructionSet() override { SetAttentionInstructionSet(std::nullopt); }
};
using SignFilterTest = EachInstructionSet;
using SignSketchTest = EachInstructionSet;

std::string NameOf(const ::testing::TestParamInfo<InstructionSet>& set) {
  return std::string(InstructionSetName(set.param));
}
const auto kSets = ::testing::ValuesIn(SupportedInstructionSets());
INSTANTIATE_TEST_SUITE_P(OfTheMachine, SignFilterTest, kSets, NameOf);
INSTANTIATE_TEST_SUITE_P(OfTheMachine, SignSketchTest, kSets, NameOf);

TEST_P(SignFilterTest, TellsAllSignsOfWholeNumbersButThoseOfProductsThatAreZero) {
  std::mt19937_64 random(1);
  for (int64_t width = 1; width < 20; width += 3) {
    for (int64_t count = 1; count < 100; ++count) {
      const Matrix rows = WholeNumbers(count, width, random);
      const SignFilter filter(rows);
      for (int64_t vectors = 0; vectors < 10; ++vectors) {
        const Matrix x = WholeNumbers(vectors, width, random);
        std::vector<uint8_t> signs(static_cast<size_t>(vectors * count));
        filter.Filter(x, LengthsOf(x), UpTo(width), count, signs.data());
        for (int64_t i = 0; i < vectors * count; ++i) {
          const int64_t product = WholeProduct(rows, i % count, x, i / count);
          ASSERT_EQ(signs[i], product == 0 ? SignFilter::kInDoubt : product > 0 ? 1 : 0);
        }
      }
    }
  }
}

TEST_P(SignFilterTest, IsInDoubtWhereASumMightOverflow) {
  const SignFilter filter(Matrix::Constant(3, 2, 1e20F));
  const Matrix x = Matrix::Constant(1, 2, 1e15F);
  std::vector<uint8_t> signs(3);
  filter.Filter(x, LengthsOf(x), UpTo(2), 3, signs.data());
  EXPECT_EQ(signs, std::vector<uint8_t>(3, SignFilter::kInDoubt));
}

// One sign of a decoded vector at a time, of as many rows as there are numbers.
Matrix RowsOf(const SignSketch& sketch) {
  std::vector<float> signs(static_cast<size_t>(sketch.count()), 1);
  Matrix decoded(sketch.count() + 1, sketch.width());
  const auto decode = [&](int64_t row) {
    sketch.Decode(signs, {decoded.row(row).data(), static_cast<size_t>(sketch.width())});
  };
  decode(sketch.count());
  for (int64_t i = 0; i < sketch.count(); ++i) {
    signs[static_cast<size_t>(i)] = -1;
    decode(i);
    signs[static_cast<size_t>(i)] = 1;
  }
  return (-decoded.topRows(sketch.count())).rowwise() + decoded.row(sketch.count());
}

TEST_P(SignSketchTest, AllSignsAtOnceAreThoseOfEachVector) {
  std::mt19937_64 random(3);
  for (const int64_t width : {1, 7, 16, 33}) {
    const auto sketch = SignSketch::Create(true, 5, 40, width).value();
    Matrix vectors = RandomMatrix(37, width, random);
    vectors.row(5).setZero();
    vectors.row(6) *= 1e-30F;
    // At right angles to a row but for rounding: what a filter is in doubt about.
    const Matrix rows = RowsOf(*sketch);
    for (int64_t i = 7; i < 30; ++i) {
      vectors.row(i) -=
          rows.row(i) * (vectors.row(i).dot(rows.row(i)) / rows.row(i).squaredNorm());
    }
    for (const int64_t count : {1, 15, 16, 17, 40}) {
      std::vector<uint8_t> bits(static_cast<size_t>(37 * count));
      sketch->TakeAllSigns(vectors, LengthsOf(vectors), UpTo(width), count,
                           absl::MakeSpan(bits));
      for (int64_t i = 0; i < 37; ++i) {
        std::vector<float> signs(static_cast<size_t>(count));
        sketch->TakeSigns({vectors.row(i).data(), static_cast<size_t>(width)},
                          absl::MakeSpan(signs));
        for (int64_t j = 0; j < count; ++j) {
          ASSERT_EQ(bits[static_cast<size_t>(i * count + j)],
                    signs[static_cast<size_t>(j)] > 0);
        }
      }
    }
  }
}

TEST_P(SignSketchTest, VectorsOfFewChannelsHaveTheSignsOfWholeOnes) {
  std::mt19937_64 random(4);
  const auto sketch = SignSketch::Create(false, 5, 50, 20).value();
  const std::vector<int64_t> channels = {2, 3, 11, 19};
  Matrix vectors = Matrix::Zero(9, 20);
  for (const int64_t channel : channels) {
    vectors.col(channel) = RandomMatrix(9, 1, random);
  }
  std::vector<uint8_t> few(9 * 50);
  std::vector<uint8_t> all(9 * 50);
  sketch->TakeAllSigns(vectors, LengthsOf(vectors), channels, 50, absl::MakeSpan(few));
  sketch->TakeAllSigns(vectors, LengthsOf(vectors), UpTo(20), 50, absl::MakeSpan(all));
  EXPECT_EQ(few, all);
}

}  // namespace
}  // namespace kvwire
