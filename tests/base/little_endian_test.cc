#include "common/base/little_endian.h"

#include <string>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

TEST(LittleEndianTest, AppendsTheLowestByteFirstAndKeepsWhatIsThere) {
  std::string bytes = "x";
  AppendLittleEndian<uint32_t>(0x64636261, bytes);
  AppendLittleEndian<uint16_t>(0x6665, bytes);
  EXPECT_EQ(bytes, "xabcdef");
}

TEST(LittleEndianTest, LoadsWhatWasAppendedAtAnyOffset) {
  for (size_t offset = 0; offset < 9; ++offset) {
    std::string bytes(offset, '-');
    AppendLittleEndian(-1.5F, bytes);
    AppendLittleEndian<int64_t>(-3, bytes);
    EXPECT_EQ(LoadLittleEndian<float>(bytes.data() + offset), -1.5F);
    EXPECT_EQ(LoadLittleEndian<int64_t>(bytes.data() + offset + 4), -3);
  }
}

}  // namespace
}  // namespace kvwire
