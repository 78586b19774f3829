#include "common/base/checksum.h"

#include <numeric>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

// CRC32C by the definition: one bit at a time, polynomial 0x1edc6f41 reflected.
uint32_t SlowCrc32c(std::string_view bytes) {
  uint32_t state = 0xffffffff;
  for (const char c : bytes) {
    state ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) state = (state >> 1) ^ ((state & 1) != 0 ? 0x82f63b78 : 0);
  }
  return ~state;
}

std::string Counting(int size) {
  std::string bytes(static_cast<size_t>(size), '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  return bytes;
}

TEST(Crc32cTest, HasThePublishedValues) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283);
  // RFC 3720, appendix B.4.
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aa);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43);
  EXPECT_EQ(Crc32c(Counting(32)), 0x46dd794e);
}

TEST(Crc32cTest, AgreesWithTheBitwiseDefinitionAtEveryLength) {
  const std::string bytes = Counting(1100);
  for (size_t size = 0; size <= bytes.size(); ++size) {
    const std::string_view part = std::string_view(bytes).substr(0, size);
    ASSERT_EQ(Crc32c(part), SlowCrc32c(part)) << size;
  }
}

TEST(Crc32cTest, ContinuesFromAnySplit) {
  const std::string bytes = Counting(200);
  for (size_t split = 0; split <= bytes.size(); ++split) {
    ASSERT_EQ(Crc32c(bytes.substr(split), Crc32c(bytes.substr(0, split))), Crc32c(bytes));
  }
}

TEST(Sha256Test, HasThePublishedValues) {
  EXPECT_EQ(absl::BytesToHexString(Sha256Of("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(absl::BytesToHexString(Sha256Of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(absl::BytesToHexString(Sha256Of(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, TakesItsInputInAnyPieces) {
  const std::string bytes = Counting(150);
  for (size_t split = 0; split <= bytes.size(); ++split) {
    Sha256 hash;
    hash.Update(bytes.substr(0, split));
    Sha256 moved = std::move(hash);
    moved.Update(bytes.substr(split));
    ASSERT_EQ(moved.Finish(), Sha256Of(bytes));
  }
}

}  // namespace
}  // namespace kvwire
