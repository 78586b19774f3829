#include "client/delivery.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/good_run.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;

std::string PathOf(const std::string& name) {
  const std::string folder = ::testing::TempDir() + "/delivery";
  std::filesystem::create_directories(folder);
  return folder + "/" + name;
}

std::string FileBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

RunResult Received(const std::string& payload, std::optional<int64_t> heard_bytes) {
  RunResult result = GoodRun();
  result.audit = BitVector::FromBytes(payload, 8 * static_cast<int64_t>(payload.size()));
  result.heard_bytes = heard_bytes;
  return result;
}

TEST(DeliveryTest, TheFileHasTheLengthThatBobHeard) {
  const std::string payload("eleven\0byte", 11);
  for (int64_t length = 0; length <= 11; ++length) {
    const auto bytes = ReceivedBytes(Received(payload, length));
    ASSERT_THAT(bytes, IsOk());
    EXPECT_EQ(*bytes, payload.substr(0, length));
  }
}

TEST(DeliveryTest, ALengthThatIsAbsentOrTooLongIsDataLoss) {
  for (const std::optional<int64_t> heard :
       {std::optional<int64_t>(), std::optional<int64_t>(-1), std::optional<int64_t>(6),
        std::optional<int64_t>(INT64_MAX), std::optional<int64_t>(INT64_MIN)}) {
    EXPECT_THAT(ReceivedBytes(Received("bytes", heard)),
                StatusIs(kDataLoss, HasSubstr("a file length of at most 5 bytes")));
  }
}

TEST(DeliveryTest, AHalfByteAtTheEndIsNoByteOfTheFile) {
  RunResult result = GoodRun();
  result.audit = BitVector::FromBytes("ab", 12);
  result.heard_bytes = 1;
  EXPECT_EQ(*ReceivedBytes(result), "a");
  result.heard_bytes = 2;
  EXPECT_THAT(ReceivedBytes(result), StatusIs(kDataLoss, HasSubstr("at most 1 bytes")));
}

TEST(DeliveryTest, AFileIsWrittenWholeOverAnOlderOne) {
  const std::string path = PathOf("arrived");
  const std::string bytes("\0\r\n\xff", 4);
  ASSERT_THAT(WriteReceivedFile("a longer file than the next", path), IsOk());
  ASSERT_THAT(WriteReceivedFile(bytes, path), IsOk());
  EXPECT_EQ(FileBytes(path), bytes);
}

TEST(DeliveryTest, AFileThatCannotBeWrittenIsNamed) {
  for (const std::string& path :
       {PathOf("no/such/folder"), PathOf(""), std::string("/dev/full")}) {
    EXPECT_THAT(WriteReceivedFile("bytes", path),
                StatusIs(kInvalid, HasSubstr(path + " cannot be written")));
  }
}

TEST(DeliveryTest, APictureComesWithItsDifference) {
  const Picture sent{.shape = {.width = 3, .height = 2, .bits_per_pixel = 8, .channels = 1},
                     .pixels = "abcdef"};
  const std::string path = PathOf("arrived.png");
  ASSERT_THAT(WriteReceivedPicture(sent, "abcdeF", path), IsOk());
  const auto received = ReadPicture(path);
  ASSERT_THAT(received, IsOk());
  EXPECT_EQ(received->shape, sent.shape);
  EXPECT_EQ(received->pixels, "abcdeF");
  const auto difference = ReadPicture(PathOf("arrived.difference.png"));
  ASSERT_THAT(difference, IsOk());
  EXPECT_EQ(difference->pixels, std::string("\0\0\0\0\0\x20", 6));
}

TEST(DeliveryTest, TheDifferenceIsAPngBesideAnyFormat) {
  const Picture sent{.shape = {.width = 8, .height = 1, .bits_per_pixel = 1, .channels = 1},
                     .pixels = "\x0f"};
  ASSERT_THAT(WriteReceivedPicture(sent, sent.pixels, PathOf("plain.pbm")), IsOk());
  const auto difference = ReadPicture(PathOf("plain.difference.png"));
  ASSERT_THAT(difference, IsOk());
  EXPECT_EQ(difference->pixels, std::string(difference->pixels.size(), '\0'));
}

TEST(DeliveryTest, PixelsOfAnotherNumberAreRefused) {
  const Picture sent{.shape = {.width = 3, .height = 2, .bits_per_pixel = 8, .channels = 1},
                     .pixels = "abcdef"};
  EXPECT_THAT(WriteReceivedPicture(sent, "abcde", PathOf("short.png")),
              StatusIs(kInvalid, HasSubstr("6")));
  EXPECT_THAT(WriteReceivedPicture(sent, sent.pixels, PathOf("no/such/folder.png")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no/such/folder.png")));
  EXPECT_THAT(WriteReceivedPicture(sent, sent.pixels, PathOf("picture.gif")),
              StatusIs(kInvalid, HasSubstr("picture.gif")));
}

}  // namespace
}  // namespace kvwire
