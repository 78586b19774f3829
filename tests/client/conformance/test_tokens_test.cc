#include "client/conformance/test_tokens.h"

#include <string>

#include "client/conformance/subject.h"
#include "common/base/matrix.h"
#include "common/wire/rows.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kvwire::conformance {
namespace {

v1::CacheParameters Parameters(v1::KeyFrameKind frame = v1::KEY_FRAME_KIND_UNSPECIFIED,
                               v1::AttentionKind attention = v1::ATTENTION_KIND_ORDINARY) {
  v1::CacheParameters parameters = OpenRequestOf("exact", 3).parameters();
  parameters.set_frame(frame);
  parameters.set_attention(attention);
  return parameters;
}

TEST(TestTokensTest, ABlockIsARangeOfOneStream) {
  for (const auto frame : {v1::KEY_FRAME_KIND_UNSPECIFIED, v1::KEY_FRAME_KIND_UNIT}) {
    const TestTokens tokens(Parameters(frame));
    const v1::IngestRequest whole = tokens.Block(2, 5, /*closes_scale=*/false);
    const v1::IngestRequest first = tokens.Block(2, 1);
    const v1::IngestRequest rest = tokens.Block(3, 4);
    EXPECT_EQ(whole.rows(), 5);
    EXPECT_FALSE(whole.closes_scale());
    EXPECT_TRUE(first.closes_scale());
    EXPECT_EQ(whole.queries(), first.queries() + rest.queries());
    EXPECT_EQ(whole.keys(), first.keys() + rest.keys());
    EXPECT_EQ(whole.values(), first.values() + rest.values());
    EXPECT_EQ(whole.keys().size(), 5U * 3 * 4);
  }
}

TEST(TestTokensTest, VariantsDiffer) {
  const TestTokens one(Parameters());
  const TestTokens other(Parameters(), 1);
  EXPECT_NE(one.Block(0, 2).keys(), other.Block(0, 2).keys());
  EXPECT_NE(one.Block(0, 2).values(), other.Block(0, 2).values());
  EXPECT_NE(one.Queries(2).queries(), one.Queries(2, 1).queries());
  EXPECT_NE(one.Block(0, 2).keys(), one.Block(0, 2).values());
}

TEST(TestTokensTest, OverAFrameKeysAreItsRowsAndValuesAreBits) {
  v1::CacheParameters parameters = Parameters(v1::KEY_FRAME_KIND_UNIT);
  Matrix frame(6, 3);
  KeyFrame::Create(KeyFrameKind::kUnit, 1, kAnnouncedTokens, 3)->Fill(0, frame);
  EXPECT_EQ(TestTokens(parameters).Block(0, 6).keys(), RowsToBytes(frame));
  EXPECT_EQ(TestTokens(parameters, 1).Block(0, 6).keys(), RowsToBytes(frame));
  for (const auto& [encoding, zero] :
       {std::pair{v1::VALUE_ENCODING_BITS, 0.0F}, {v1::VALUE_ENCODING_SIGNS, -1.0F}}) {
    parameters.set_encoding(encoding);
    const Matrix values =
        *RowsFromBytes(TestTokens(parameters).Block(0, 64).values(), 64, 3, "values");
    const int64_t ones = (values.array() == 1).count();
    EXPECT_EQ(ones + (values.array() == zero).count(), 192);
    EXPECT_GT(ones, 60);
    EXPECT_LT(ones, 132);
  }
}

TEST(TestTokensTest, TensorRowsAreTwiceAsWideAndOverAFrameEndInOnes) {
  const TestTokens natural(
      Parameters(v1::KEY_FRAME_KIND_UNSPECIFIED, v1::ATTENTION_KIND_TENSOR));
  EXPECT_EQ(natural.width(), 6);
  EXPECT_EQ(natural.Block(0, 2).keys().size(), 2U * 6 * 4);
  EXPECT_EQ(natural.Block(0, 2).queries().size(), 2U * 3 * 4);
  const TestTokens framed(Parameters(v1::KEY_FRAME_KIND_UNIT, v1::ATTENTION_KIND_TENSOR));
  const Matrix keys = *RowsFromBytes(framed.Block(0, 2).keys(), 2, 6, "keys");
  const Matrix values = *RowsFromBytes(framed.Block(0, 2).values(), 2, 6, "values");
  EXPECT_EQ(Matrix(keys.rightCols(3)), Matrix::Ones(2, 3));
  EXPECT_EQ(Matrix(values.rightCols(3)), Matrix::Ones(2, 3));
}

TEST(TestTokensTest, AQueryPointsAtAKey) {
  const TestTokens tokens(Parameters());
  EXPECT_EQ(tokens.QueryOf(4).queries(), tokens.Block(4, 1).keys());
  EXPECT_EQ(tokens.QueryOf(4).rows(), 1);
}

}  // namespace
}  // namespace kvwire::conformance
