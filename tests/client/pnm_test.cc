// PBM and PGM files that were once read as other pictures than they are.

#include "client/pnm.h"

#include <string>

#include "client/picture_codec.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

std::string PixelsOf(const std::string& file) {
  const auto picture = DecodePnm(file);
  EXPECT_THAT(picture, IsOk()) << file;
  return picture.ok() ? picture->pixels : "";
}

// The first byte of raw pixels may be a blank or the sign of a comment.
TEST(PnmTest, EveryFirstByteOfRawPixelsIsAPixel) {
  for (int byte = 0; byte < 256; ++byte) {
    const auto first = static_cast<char>(byte);
    const auto inverted = static_cast<char>(~byte);
    EXPECT_EQ(PixelsOf(std::string("P4\n8 2\n") + first + "\x41"),
              std::string(1, inverted) + "\xbe");
    EXPECT_EQ(PixelsOf(std::string("P5\n2 1\n255\n") + first + "x"),
              std::string(1, first) + "x");
  }
}

TEST(PnmTest, APictureOfOneRowWithAnyBitsIsWrittenAndRead) {
  Picture picture{{.width = 8, .height = 1, .bits_per_pixel = 1, .channels = 1}, "?"};
  for (int byte = 0; byte < 256; ++byte) {
    picture.pixels[0] = static_cast<char>(byte);
    EXPECT_EQ(DecodePicture(EncodePicture(picture, PictureFormat::kPbm).value()).value(),
              picture);
  }
}

TEST(PnmTest, PixelsOverTheLargestValueAreDamage) {
  for (const std::string file :
       {"P1\n2 1\n1 2", "P1\n2 1\n-1", "P2\n2 1\n255\n1 256", "P2\n2 1\n255\n1 -6",
        "P2\n2 1\n15\n1 16", "P5\n2 1\n3\n\1\4", "P5\n2 1\n15\n\1\x10",
        "P2\n2 1\n255\n1 99999999999999999999"}) {
    EXPECT_THAT(DecodePnm(file), StatusIs(kInvalid, HasSubstr("damaged"))) << file;
  }
}

TEST(PnmTest, BlanksOfAnyKindStandBetweenTheNumbersOfAHeader) {
  for (const std::string header : {"P5 2 2 255 ", "P5\t2\r\n2\v255\f", "P5\n2\n2\n255\n"}) {
    EXPECT_EQ(PixelsOf(header + "1234"), "1234") << header;
  }
}

TEST(PnmTest, CommentsEndWithTheirLine) {
  EXPECT_EQ(PixelsOf("P5# 9 9\n2 # 8 8\r# 7\n2\n#255\n255\n1234"), "1234");
  EXPECT_THAT(DecodePnm("P5\n2 2 # 255\n"), StatusIs(kInvalid, HasSubstr("PGM header")));
}

TEST(PnmTest, WhatFollowsThePixelsIsPassedOver) {
  EXPECT_EQ(PixelsOf("P5\n1 1\n255\naP5\n1 1\n255\nb"), "a");
  EXPECT_EQ(PixelsOf("P4\n1 1\n\x80rest"), std::string(1, '\0'));
}

TEST(PnmTest, ManyPixelsOfAShortFileTakeNoMemory) {
  for (const std::string magic : {"P1\n", "P4\n", "P2\n", "P5\n"}) {
    EXPECT_THAT(DecodePnm(magic + "10000 10000\n255\n0 1 0"),
                StatusIs(kInvalid, HasSubstr("truncated")));
  }
}

TEST(PnmTest, OtherFilesAreRefused) {
  EXPECT_FALSE(IsPnm("P3"));
  EXPECT_FALSE(IsPnm("P"));
  EXPECT_THAT(DecodePnm("P6\n1 1\n255\nabc"), StatusIs(kInvalid, HasSubstr("not a PBM")));
}

}  // namespace
}  // namespace kvwire
