#include "common/kv/packed_bits.h"

#include <random>
#include <string>
#include <vector>

#include "common/kv/bits_section.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kPieceBits = 8 * kMaxPieceBytes;

// The same sequence as one bool a bit.
class NaiveBits {
 public:
  void Put(uint64_t value, int width) {
    for (int i = 0; i < width; ++i) bits_.push_back((value >> i & 1) != 0);
  }
  uint64_t Get(size_t position, int width) const {
    uint64_t value = 0;
    for (int i = 0; i < width; ++i) {
      value |= uint64_t{bits_[position + static_cast<size_t>(i)]} << i;
    }
    return value;
  }
  std::string Bytes() const {
    std::string bytes((bits_.size() + 7) / 8, '\0');
    for (size_t i = 0; i < bits_.size(); ++i) {
      if (bits_[i]) bytes[i / 8] = static_cast<char>(bytes[i / 8] | 1 << i % 8);
    }
    return bytes;
  }
  size_t size() const { return bits_.size(); }

 private:
  std::vector<bool> bits_;
};

std::string Written(const PackedBits& bits) {
  std::string bytes;
  EXPECT_THAT(bits.Write([&bytes](std::string_view piece) {
    EXPECT_LE(piece.size(), size_t{kMaxPieceBytes});
    bytes += piece;
    return absl::OkStatus();
  }),
              IsOk());
  return bytes;
}

uint64_t RandomOf(int width, std::mt19937_64& random) {
  return random() & ((uint64_t{1} << width) - 1);
}

TEST(PackedBitsTest, ManyValuesArePutAsOneAfterTheOtherIs) {
  std::mt19937_64 random(5);
  for (int width = 1; width <= 8; ++width) {
    for (int offset = 0; offset < 17; ++offset) {
      for (const size_t count :
           {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{100}, size_t{1531}}) {
        PackedBits bits;
        NaiveBits naive;
        const uint64_t before = RandomOf(offset, random);
        bits.Put(before, offset);
        naive.Put(before, offset);
        std::vector<uint8_t> values(count);
        for (uint8_t& value : values) {
          value = static_cast<uint8_t>(RandomOf(width, random));
          naive.Put(value, width);
        }
        bits.PutAll(values, width);
        ASSERT_EQ(bits.bits(), static_cast<int64_t>(naive.size()));
        ASSERT_TRUE(Written(bits) == naive.Bytes()) << width << " " << offset << " " << count;
      }
    }
  }
}

TEST(PackedBitsTest, ManyValuesGoOnInTheNextPiece) {
  for (const int64_t short_of : {0, 1, 9, 64, 4000}) {
    PackedBits many;
    PackedBits single;
    const std::string filling(static_cast<size_t>(kMaxPieceBytes - short_of), 'x');
    many.AppendBytes(filling);
    single.AppendBytes(filling);
    many.Put(5, 3);
    single.Put(5, 3);
    std::vector<uint8_t> values(3000);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<uint8_t>(i % 32);
    many.PutAll(values, 5);
    for (const uint8_t value : values) single.Put(value, 5);
    EXPECT_TRUE(Written(many) == Written(single));
  }
}

TEST(PackedBitsTest, OneSequenceFollowsAnotherWhereverThatEnds) {
  std::mt19937_64 random(6);
  for (int first = 0; first < 20; ++first) {
    for (int second = 0; second < 150; second += 7) {
      PackedBits bits;
      PackedBits other;
      NaiveBits naive;
      for (int i = 0; i < first + second; ++i) {
        const uint64_t bit = random() % 2;
        naive.Put(bit, 1);
        (i < first ? bits : other).Put(bit, 1);
      }
      bits.Append(other);
      ASSERT_EQ(bits.bits(), first + second);
      ASSERT_EQ(Written(bits), naive.Bytes());
      bits.Put(1, 1);  // the end of the last byte is where it was
      naive.Put(1, 1);
      ASSERT_EQ(Written(bits), naive.Bytes());
    }
  }
}

TEST(PackedBitsTest, EveryWidthAfterEveryOffsetReadsBackAndIsWrittenLowestBitFirst) {
  std::mt19937_64 random(1);
  for (int offset = 0; offset < 16; ++offset) {
    for (int width = 0; width <= PackedBits::kMaxWidth; ++width) {
      PackedBits bits;
      NaiveBits naive;
      for (const int count : {offset, width, 3}) {
        const uint64_t value = RandomOf(count, random);
        bits.Put(value, count);
        naive.Put(value, count);
      }
      ASSERT_EQ(bits.bits(), offset + width + 3);
      EXPECT_EQ(bits.Get(offset, width), naive.Get(static_cast<size_t>(offset), width));
      EXPECT_EQ(Written(bits), naive.Bytes()) << offset << " " << width;
    }
  }
}

TEST(PackedBitsTest, ReadsAndWritesAcrossTheEndOfAPiece) {
  std::mt19937_64 random(2);
  for (int before = 0; before <= 64; ++before) {
    PackedBits bits;
    bits.AppendBytes(std::string(static_cast<size_t>(kMaxPieceBytes - 9), '\xa5'));
    bits.Put(RandomOf(8, random), 8);
    const uint64_t filler = random();
    for (int i = 0; i < before; ++i) bits.Put(filler >> i & 1, 1);
    const int64_t position = bits.bits();
    const uint64_t value = RandomOf(PackedBits::kMaxWidth, random);
    bits.Put(value, PackedBits::kMaxWidth);
    bits.Put(1, 1);
    EXPECT_EQ(bits.Get(position, PackedBits::kMaxWidth), value) << before;
    for (int width = 0; width < PackedBits::kMaxWidth; ++width) {
      EXPECT_EQ(bits.Get(position, width), value & ((uint64_t{1} << width) - 1));
    }
    EXPECT_EQ(bits.Get(position + PackedBits::kMaxWidth, 1), 1U);
    EXPECT_EQ(static_cast<int64_t>(Written(bits).size()), (bits.bits() + 7) / 8);
  }
}

TEST(PackedBitsTest, ALongRandomSequenceIsThatOfItsBits) {
  std::mt19937_64 random(3);
  PackedBits bits;
  NaiveBits naive;
  std::vector<std::pair<int64_t, int>> parts;
  while (bits.bits() < kPieceBits + 5000) {
    const int width = static_cast<int>(random() % (PackedBits::kMaxWidth + 1));
    const uint64_t value = RandomOf(width, random);
    parts.emplace_back(bits.bits(), width);
    bits.Put(value, width);
    naive.Put(value, width);
  }
  EXPECT_TRUE(Written(bits) == naive.Bytes());
  BitReader reader(bits, 0);
  for (const auto& [position, width] : parts) {
    const uint64_t value = naive.Get(static_cast<size_t>(position), width);
    ASSERT_EQ(bits.Get(position, width), value) << position;
    ASSERT_EQ(reader.Take(width), value) << position;
  }
}

TEST(PackedBitsTest, BytesAreAppendedInAnyCutAndGoOnAsBits) {
  std::mt19937_64 random(4);
  std::string bytes(static_cast<size_t>(kMaxPieceBytes + 100), '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  for (const size_t cut :
       {size_t{1} << 14, size_t{kMaxPieceBytes} - 1, size_t{kMaxPieceBytes}, bytes.size()}) {
    PackedBits bits;
    for (size_t at = 0; at < bytes.size(); at += cut) {
      bits.AppendBytes(std::string_view(bytes).substr(at, cut));
    }
    EXPECT_TRUE(Written(bits) == bytes) << cut;
    bits.Put(5, 3);
    EXPECT_EQ(Written(bits).back(), 5);
  }
}

TEST(PackedBitsTest, TruncateDropsZerosAndFindsOnes) {
  for (int keep = 0; keep <= 17; ++keep) {
    for (int length = keep; length <= 24; ++length) {
      for (int one = -1; one < length; ++one) {
        PackedBits bits;
        for (int i = 0; i < length; ++i) bits.Put(i == one ? 1 : 0, 1);
        const bool lost = one >= keep;
        ASSERT_EQ(bits.Truncate(keep), !lost) << keep << " of " << length << ", 1 at " << one;
        if (lost) continue;
        EXPECT_EQ(bits.bits(), keep);
        EXPECT_EQ(Written(bits).size(), static_cast<size_t>((keep + 7) / 8));
        bits.Put(1, 1);
        EXPECT_EQ(bits.Get(keep, 1), 1U);
        for (int i = 0; i < keep; ++i) EXPECT_EQ(bits.Get(i, 1), i == one ? 1U : 0U);
      }
    }
  }
}

TEST(PackedBitsTest, WriteReturnsTheFirstErrorOfItsSink) {
  PackedBits bits;
  bits.Put(1, 1);
  EXPECT_THAT(bits.Write([](std::string_view) { return absl::CancelledError("full"); }),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("full")));
}

TEST(BitsSectionTest, TakesExactlyTheBitsAnnounced) {
  for (int64_t length = 0; length <= 20; ++length) {
    const std::string body(static_cast<size_t>((length + 7) / 8), '\0');
    PackedBits bits;
    BitsSection section;
    ASSERT_THAT(section.Begin({SectionContent::kCodes, length}, SectionContent::kCodes),
                IsOk());
    for (const char c : body) {
      EXPECT_EQ(section.End(bits).code(), absl::StatusCode::kDataLoss);
      ASSERT_THAT(section.Append(std::string(1, c), bits), IsOk());
    }
    EXPECT_THAT(section.Append("x", bits),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("longer than announced")));
    EXPECT_THAT(section.End(bits), IsOk());
    EXPECT_EQ(bits.bits(), length);
  }
}

TEST(BitsSectionTest, RefusesOtherContentAndUnusedBitsThatAreSet) {
  BitsSection section;
  EXPECT_THAT(section.Begin({SectionContent::kNorms, 8}, SectionContent::kCodes),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("a section of norms where one of codes is due")));
  for (int length = 9; length < 16; ++length) {
    PackedBits bits;
    ASSERT_THAT(section.Begin({SectionContent::kCodes, length}, SectionContent::kCodes),
                IsOk());
    ASSERT_THAT(section.Append(std::string("\0\x80", 2), bits), IsOk());
    EXPECT_THAT(section.End(bits),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("unused bits")));
  }
}

}  // namespace
}  // namespace kvwire
