#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/naive_bytes.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

TEST(BitplaneTest, NeedsAFrame) {
  EXPECT_THAT(CreateCache(SetupOf("bitplane", 4)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("there is none")));
}

TEST(BitplaneTest, PacksTheBitsOfEveryShapeLowestFirst) {
  for (int64_t dims = 1; dims <= 18; ++dims) {
    const CacheSetup setup = SetupWithFrame("bitplane", dims, 17);
    const Tokens tokens = FrameTokens(setup, static_cast<uint64_t>(dims));
    auto cache = NewCache(setup);
    std::string expected;
    for (int64_t row = 0; row < 17; ++row) {
      ASSERT_THAT(cache->Append(tokens.Block(row, 1, row % 3 == 0)), IsOk());
      ASSERT_THAT(cache->Append(ZeroScale(row % 2)), IsOk());
      for (int64_t j = 0; j < dims; ++j) {
        const int64_t bit = row * dims + j;
        if (bit % 8 == 0) expected.push_back('\0');
        if (tokens.values(row, j) == 1) {
          expected.back() = static_cast<char>(expected.back() | 1 << bit % 8);
        }
      }
      EXPECT_EQ(cache->StateBits(), (row + 1) * dims);
      const std::string snapshot = SnapshotOf(*cache, setup);
      EXPECT_EQ(BodyOf(snapshot), expected);
      auto restored = Restore(snapshot, setup);
      ASSERT_THAT(restored, IsOk());
      EXPECT_EQ((*restored)->StateBits(), (row + 1) * dims);
      EXPECT_EQ(SnapshotOf(**restored, setup), snapshot);
    }
  }
}

TEST(BitplaneTest, AnswersAsExactAttention) {
  const CacheSetup setup = SetupWithFrame("bitplane", 6, 1500);
  CacheSetup exact_setup = setup;
  exact_setup.spec = ParseBuiltInSpec("exact").value();
  const Tokens tokens = FrameTokens(setup, 9);
  auto cache = NewCache(setup);
  auto exact = NewCache(exact_setup);
  for (KvCache* either : {cache.get(), exact.get()}) {
    ASSERT_THAT(either->Append(tokens.Block()), IsOk());
    ASSERT_THAT(either->Append(ZeroScale(100)), IsOk());
  }
  const Matrix queries = 20 * tokens.keys.topRows(300);
  EXPECT_LT((Attended(*cache, queries) - Attended(*exact, queries)).cwiseAbs().maxCoeff(),
            1e-5F);
}

TEST(BitplaneTest, KeepsBitsBeyondOnePieceOfMemory) {
  CacheSetup setup = SetupOf("bitplane", 4096);
  setup.frame = KeyFrame::Create(KeyFrameKind::kCode, 1, 4200, 4096).value();
  Tokens tokens{Matrix(100, 4096), Matrix(100, 4096)};
  std::mt19937_64 random(1);
  auto cache = NewCache(setup);
  for (int64_t first = 0; first < 4200; first += 100) {
    setup.frame->Fill(first, tokens.keys);
    for (float& value : tokens.values.reshaped()) value = static_cast<float>(random() % 2);
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  }
  const std::string snapshot = SnapshotOf(*cache, setup);
  EXPECT_EQ(BodyOf(snapshot).size(), 4200 * 4096 / 8);
  auto restored = Restore(snapshot, setup, 65537);
  ASSERT_THAT(restored, IsOk());
  EXPECT_TRUE(SnapshotOf(**restored, setup) == snapshot);
}

TEST(BitplaneTest, RefusesAnotherKeyAndNamesTheToken) {
  const CacheSetup setup = SetupWithFrame("bitplane", 4, 700);
  const Tokens good = FrameTokens(setup, 1);
  for (const int64_t wrong : {0, 3, 511, 512, 699}) {
    Tokens bad = good;
    bad.keys(wrong, 1) = std::nextafter(bad.keys(wrong, 1), 2.0F);
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->Append(ZeroScale(10)), IsOk());
    EXPECT_THAT(cache->Append(bad.Block()),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         HasSubstr("token " + std::to_string(wrong + 10) +
                                   " does not carry key " + std::to_string(wrong) + " ")));
    EXPECT_EQ(cache->tokens(), 10);
    EXPECT_EQ(cache->StateBits(), 0);
    EXPECT_THAT(cache->Append(good.Block()), IsOk());
  }
}

TEST(BitplaneTest, RefusesAValueWithoutAKey) {
  const CacheSetup setup = SetupWithFrame("bitplane", 2, 3);
  const float values[] = {0, 0, 0, 1};
  const float zeros[] = {0, 0, 0, 0};
  for (const float* keys : {static_cast<const float*>(nullptr), zeros}) {
    EXPECT_THAT(NewCache(setup)->Append({2, nullptr, keys, values, true}),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         HasSubstr("token 1 does not carry key 0")));
  }
}

TEST(BitplaneTest, RefusesValuesThatAreNotBits) {
  const CacheSetup setup = SetupWithFrame("bitplane", 4, 3);
  for (const float bad : {0.5F, -1.0F, 2.0F, std::numeric_limits<float>::denorm_min()}) {
    Tokens tokens = FrameTokens(setup, 1);
    tokens.values(2, 3) = bad;
    auto cache = NewCache(setup);
    EXPECT_THAT(cache->Append(tokens.Block()), StatusIs(absl::StatusCode::kInvalidArgument,
                                                        HasSubstr("token 2 has a value")));
    EXPECT_EQ(cache->tokens(), 0);
  }
}

TEST(BitplaneTest, RefusesValuesThatAreNotSignsWhereTheyAre) {
  CacheSetup setup = SetupWithFrame("bitplane", 4, 3);
  setup.encoding = ValueEncoding::kSigns;
  for (const float bad : {0.0F, 0.5F, -2.0F}) {
    Tokens tokens = FrameTokens(setup, 1);
    tokens.values(2, 3) = bad;
    EXPECT_THAT(NewCache(setup)->Append(tokens.Block()),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not -1 or 1")));
  }
  // A null pointer stands for zeros.
  const Tokens tokens = FrameTokens(setup, 1);
  auto cache = NewCache(setup);
  EXPECT_THAT(cache->Append({3, nullptr, tokens.keys.data(), nullptr, true}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("token 0 has a value of 0, not -1 or 1")));
  EXPECT_EQ(cache->tokens(), 0);
}

TEST(BitplaneTest, RefusesSecondFactorsThatAreNotOne) {
  for (const CacheSetup& setup : KindsOf(SetupWithFrame("bitplane", 4, 3))) {
    if (setup.attention == AttentionKind::kOrdinary) continue;
    const Tokens good = FrameTokens(setup, 1);
    for (const float bad : {0.0F, -1.0F, 0.5F}) {
      for (int64_t column = 4; column < 8; ++column) {
        Tokens keys = good;
        keys.keys(1, column) = bad;
        EXPECT_THAT(NewCache(setup)->Append(keys.Block()),
                    StatusIs(absl::StatusCode::kFailedPrecondition,
                             HasSubstr("token 1 does not carry key 1 ")));
        Tokens values = good;
        values.values(1, column) = bad;
        EXPECT_THAT(
            NewCache(setup)->Append(values.Block()),
            StatusIs(absl::StatusCode::kInvalidArgument,
                     HasSubstr("token 1 has a value of " + absl::StrCat(bad) + ", not 1")));
      }
    }
    EXPECT_THAT(NewCache(setup)->Append({3, nullptr, good.keys.data(), nullptr, true}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("has a value of 0")));
    EXPECT_THAT(NewCache(setup)->Append(good.Block()), IsOk());
  }
}

TEST(BitplaneTest, RefusesMoreRowsThanTheFrameHas) {
  const CacheSetup setup = SetupWithFrame("bitplane", 4, 3);
  const Tokens tokens = FrameTokens(setup, 1);
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  ASSERT_THAT(cache->Append(ZeroScale(100)), IsOk());
  EXPECT_THAT(cache->Append(tokens.Block(0, 1, true)),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("token 103 is one more than the public frame's 3 keys")));
  EXPECT_EQ(cache->tokens(), 103);
}

TEST(BitplaneTest, ARowOfZeroBitsIsARow) {
  const CacheSetup setup = SetupWithFrame("bitplane", 4, 3);
  const Tokens tokens = FrameTokens(setup, 1);
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append({3, nullptr, tokens.keys.data(), nullptr, true}), IsOk());
  EXPECT_EQ(cache->StateBits(), 12);
}

TEST(BitplaneTest, RestoreRefusesSectionsThatNoStateHas) {
  const CacheSetup setup = SetupWithFrame("bitplane", 3, 3);
  const auto refusal =
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("does not hold whole rows of 3 bits"));
  for (const int64_t bits :
       {int64_t{1}, int64_t{8}, int64_t{12}, int64_t{24}, int64_t{1} << 58}) {
    EXPECT_THAT(NewCache(setup)->BeginSection(5, {SectionContent::kCodes, bits}), refusal);
  }
  // Three rows, but the stream has two tokens.
  EXPECT_THAT(NewCache(setup)->BeginSection(3, {SectionContent::kCodes, 9}), IsOk());
  EXPECT_THAT(NewCache(setup)->BeginSection(2, {SectionContent::kCodes, 9}), refusal);
  EXPECT_THAT(NewCache(setup)->BeginSection(3, {SectionContent::kRows32, 9}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("where one of codes is due")));
}

TEST(BitplaneTest, RestoreRefusesUnusedBitsThatAreSet) {
  const CacheSetup setup = SetupWithFrame("bitplane", 3, 3);
  for (int bit = 0; bit < 16; ++bit) {
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->BeginSection(3, {SectionContent::kCodes, 9}), IsOk());
    ASSERT_THAT(cache->RestoreBytes(Bytes(uint64_t{1} << bit, 2)), IsOk());
    if (bit < 9) {
      EXPECT_THAT(cache->EndRestore(), IsOk());
    } else {
      EXPECT_THAT(cache->EndRestore(),
                  StatusIs(absl::StatusCode::kDataLoss, HasSubstr("unused bits")));
    }
  }
}

TEST(BitplaneTest, ZeroTokensAmongOthersAreCountedWhereverTheyAre) {
  for (int64_t zero = 0; zero <= 150; zero += 3) {
    const CacheSetup setup = SetupWithFrame("bitplane", 5, 150);
    const Tokens tokens = FrameTokens(setup, 4);
    Matrix keys = Matrix::Zero(151, 5);
    Matrix values = Matrix::Zero(151, 5);
    keys.topRows(zero) = tokens.keys.topRows(zero);
    keys.bottomRows(150 - zero) = tokens.keys.bottomRows(150 - zero);
    values.topRows(zero) = tokens.values.topRows(zero);
    values.bottomRows(150 - zero) = tokens.values.bottomRows(150 - zero);
    auto with = NewCache(setup);
    ASSERT_THAT(with->Append({151, nullptr, keys.data(), values.data(), true}), IsOk());
    auto without = NewCache(setup);
    ASSERT_THAT(without->Append(tokens.Block()), IsOk());
    EXPECT_EQ(with->tokens(), 151);
    EXPECT_EQ(BodyOf(SnapshotOf(*with, setup)), BodyOf(SnapshotOf(*without, setup)));
  }
}

}  // namespace
}  // namespace kvwire
