// The messages of the quantisers of bits, kept as digests: the same on any compiler and
// machine. A change here is a change of format. The file is written by this test, run with
// KVWIRE_WRITE_GOLDEN=1 where it is not there.

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/checksum.h"
#include "common/coding/bit_quantiser.h"
#include "gtest/gtest.h"
#include "tests/coding/random_words.h"

namespace kvwire {
namespace {

constexpr const char* kFile = KVWIRE_GOLDEN "/messages.txt";

struct Message {
  int64_t length;
  double distortion;
  int paths;
};

// Trellis and polar codes, alone and with lists, with and without padding.
constexpr Message kMessages[] = {
    {100, 0.11, 8},     {1344, 0.01, 1},    {1344, 0.4, 8},      {16384, 0.05, 1},
    {16384, 0.05, 4},   {16384, 0.3, 1},    {87360, 0.11, 1},    {87360, 0.11, 8},
    {87360, 0.2, 2},    {1 << 20, 0.01, 1}, {1 << 20, 0.11, 1},  {1 << 20, 0.4, 1},
    {1 << 18, 0.11, 8}, {1048512, 0.3, 1},  {200001, 0.0005, 1}, {200001, 0.45, 2},
};

// Length, distortion and paths; bits of the message and its SHA-256; that of what it says.
std::string LineOf(const Message& message) {
  BitQuantiser quantiser =
      *BitQuantiser::Create(message.length, message.distortion, message.paths);
  const BitVector said = quantiser.Encode(RandomWord(message.length, 2026));
  const auto digest = [](const BitVector& bits) {
    return absl::BytesToHexString(Sha256Of(bits.bytes()));
  };
  return absl::StrCat(message.length, " ", message.distortion, " ", message.paths, " ",
                      said.size_bits(), " ", digest(said), " ",
                      digest(quantiser.Decode(said)));
}

TEST(MessageGoldenTest, MessagesKeepTheirBits) {
  if (std::getenv("KVWIRE_WRITE_GOLDEN") != nullptr && !std::ifstream(kFile)) {
    std::ofstream file(kFile);
    for (const Message& message : kMessages) file << LineOf(message) << "\n";
  }
  std::ifstream file(kFile);
  for (const Message& message : kMessages) {
    std::string line;
    ASSERT_TRUE(std::getline(file, line)) << kFile << " is missing or too short";
    EXPECT_EQ(LineOf(message), line);
  }
}

}  // namespace
}  // namespace kvwire
