#include "common/coding/trellis_code.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/base/checksum.h"
#include "common/coding/trellis_taps.h"
#include "gtest/gtest.h"
#include "tests/coding/random_words.h"

namespace kvwire {
namespace {

// What a message says, by the definition: a register as a list of bits, newest first.
BitVector Said(int64_t length, const BitVector& message) {
  std::vector<bool> reg(kTrellisMemory + 1);
  BitVector word(length);
  int64_t position = 0;
  for (int64_t step = 0; step < message.size_bits(); ++step) {
    reg.pop_back();
    reg.insert(reg.begin(), message.Get(step));
    for (; position < (step + 1) * length / message.size_bits(); ++position) {
      const uint32_t mask = TrellisTaps()[static_cast<size_t>(position) % kTrellisTaps];
      bool parity = false;
      for (size_t i = 0; i < reg.size(); ++i) parity ^= (mask >> i & 1) != 0 && reg[i];
      word.Set(position, parity);
    }
  }
  return word;
}

TEST(TrellisCodeTest, SaysWhatTheRegisterSays) {
  for (const int64_t length : {1, 5, 20, 77, 500, 1000}) {
    for (const int64_t bits :
         {(length + 499) / 500, length / 7, length / 2, length * 9 / 10, length}) {
      if (bits == 0) continue;
      const TrellisCode code = *TrellisCode::Create(length, bits);
      const BitVector message = RandomWord(bits, 1);
      ASSERT_EQ(DecodeTrellis(code, message), Said(length, message)) << length << " " << bits;
    }
  }
}

TEST(TrellisCodeTest, TheEncoderFindsTheNearestOfAllWords) {
  for (const int64_t bits : {1, 2, 5, 8, 13}) {
    for (const int64_t length : {bits, bits + 1, 2 * bits, 3 * bits + 2, 40 * bits}) {
      const TrellisCode code = *TrellisCode::Create(length, bits);
      std::vector<BitVector> words;
      for (uint64_t message = 0; message < uint64_t{1} << bits; ++message) {
        words.push_back(Said(length, WordOf(message, bits)));
      }
      for (uint64_t seed = 0; seed < 20; ++seed) {
        const BitVector source = RandomWord(length, seed);
        int64_t nearest = length;
        for (const BitVector& word : words) nearest = std::min(nearest, word.Distance(source));
        const BitVector decoded = DecodeTrellis(code, EncodeTrellis(code, source));
        ASSERT_EQ(decoded.Distance(source), nearest) << length << " " << bits;
      }
    }
  }
}

// The Viterbi algorithm as it is taught, on whole registers and unbounded distances.
int64_t LeastDistance(const TrellisCode& code, const BitVector& source) {
  constexpr int64_t kNever = int64_t{1} << 40;
  constexpr uint32_t kStates = 1U << kTrellisMemory;
  std::vector<int64_t> distance(kStates, kNever);
  distance[0] = 0;
  for (int64_t step = 0; step < code.information_bits; ++step) {
    std::vector<int64_t> next(kStates, kNever);
    for (uint32_t reg = 0; reg < 2 * kStates; ++reg) {
      int64_t to = distance[reg >> 1];
      for (int64_t i = code.FirstOf(step); i < code.FirstOf(step + 1); ++i) {
        const uint32_t mask = TrellisTaps()[static_cast<size_t>(i) % kTrellisTaps];
        to += (std::popcount(reg & mask) % 2 != 0) != source.Get(i);
      }
      int64_t& least = next[reg % kStates];
      least = std::min(least, to);
    }
    distance = next;
  }
  return *std::min_element(distance.begin(), distance.end());
}

TEST(TrellisCodeTest, DistancesDoNotOverflowInLongBlocksAndLongSteps) {
  struct Size {
    int64_t length;
    int64_t bits;
  };
  for (const auto& [length, bits] : {Size{3000, 2000}, Size{3000, 3000}, Size{20000, 300},
                                     Size{kMostTrellisStep * 60, 60}}) {
    const TrellisCode code = *TrellisCode::Create(length, bits);
    const BitVector source = RandomWord(length, 5);
    const BitVector decoded = DecodeTrellis(code, EncodeTrellis(code, source));
    EXPECT_EQ(decoded.Distance(source), LeastDistance(code, source)) << length << " " << bits;
  }
}

TEST(TrellisCodeTest, TheWorstOfSourcesDoesNotOverflowEither) {
  const TrellisCode code = *TrellisCode::Create(kMostTrellisStep * 40, 40);
  for (const uint64_t pattern : {uint64_t{0}, ~uint64_t{0}, uint64_t{0x00000000ffffffff}}) {
    BitVector source(code.length);
    for (int64_t i = 0; i < code.length; ++i) source.Set(i, (pattern >> i % 64 & 1) != 0);
    const BitVector decoded = DecodeTrellis(code, EncodeTrellis(code, source));
    EXPECT_EQ(decoded.Distance(source), LeastDistance(code, source));
  }
}

TEST(TrellisCodeTest, WithAsManyBitsAsTheSourceSaysEverything) {
  for (const int64_t length : {1, 9, 10, 11, 200}) {
    const TrellisCode code = *TrellisCode::Create(length, length);
    const BitVector source = RandomWord(length, 2);
    EXPECT_EQ(DecodeTrellis(code, EncodeTrellis(code, source)), source);
  }
}

TEST(TrellisCodeTest, WithNoBitsSaysZeros) {
  const TrellisCode code = *TrellisCode::Create(50, 0);
  EXPECT_EQ(EncodeTrellis(code, RandomWord(50, 1)), BitVector(0));
  EXPECT_EQ(DecodeTrellis(code, BitVector(0)), BitVector(50));
}

TEST(TrellisCodeTest, WritesTheSameMessageOnEveryMachine) {
  const TrellisCode code = *TrellisCode::Create(5000, 1600);
  const BitVector message = EncodeTrellis(code, RandomWord(5000, 1));
  EXPECT_EQ(absl::BytesToHexString(Sha256Of(message.bytes())),
            "d2b2687dc09561bf40468c0d14bdb26e56120f616ba3286a31990cb105f23051");
}

TEST(TrellisCodeTest, RefusesWhatItCannotBe) {
  using absl::StatusCode;
  const auto status = [](int64_t length, int64_t bits) {
    return TrellisCode::Create(length, bits).status().code();
  };
  EXPECT_EQ(status(0, 0), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(kMostTrellisLength + 1, 100000), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(10, -1), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(10, 11), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(kMostTrellisStep + 1, 1), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(kMostTrellisStep, 1), StatusCode::kOk);
}

}  // namespace
}  // namespace kvwire
