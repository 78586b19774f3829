#include "client/picture.h"

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/base/counter_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/png_bytes.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

std::string PathOf(const std::string& name) { return ::testing::TempDir() + "/" + name; }

std::string Save(const std::string& name, const std::string& bytes) {
  std::ofstream(PathOf(name), std::ios::binary) << bytes;
  return PathOf(name);
}

std::string Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Kind {
  PngColourType colour_type;
  int depth;
};

// All that PNG has and Leptonica keeps.
const std::vector<Kind> kKinds = {{kGray, 1},  {kGray, 2},    {kGray, 4},    {kGray, 8},
                                  {kGray, 16}, {kIndexed, 2}, {kIndexed, 4}, {kIndexed, 8},
                                  {kRgb, 8},   {kRgba, 8}};

Picture RandomPicture(const Kind& kind, int64_t width, int64_t height, uint64_t seed) {
  Picture picture;
  picture.shape.width = width;
  picture.shape.height = height;
  picture.shape.channels = kind.colour_type == kRgb ? 3 : kind.colour_type == kRgba ? 4 : 1;
  picture.shape.bits_per_pixel = kind.depth * picture.shape.channels;
  const CounterRng rng(seed, 0);
  if (kind.colour_type == kIndexed) {
    for (int i = 0; i < 1 << kind.depth; ++i) {
      const uint64_t bits = rng.Bits(1000000 + i);
      picture.shape.palette.push_back({static_cast<uint8_t>(bits),
                                       static_cast<uint8_t>(bits >> 8),
                                       static_cast<uint8_t>(bits >> 16)});
    }
  }
  const int64_t row_bytes = (width * picture.shape.bits_per_pixel + 7) / 8;
  const int64_t unused = 8 * row_bytes - width * picture.shape.bits_per_pixel;
  for (int64_t i = 0; i < height * row_bytes; ++i) {
    const bool last = i % row_bytes == row_bytes - 1;
    picture.pixels += static_cast<char>(rng.Bits(i) & (last ? 0xff << unused : 0xff));
  }
  return picture;
}

std::string PaletteChunk(const PictureShape& shape) {
  std::string body;
  for (const PaletteColor& colour : shape.palette) {
    body += {static_cast<char>(colour.red), static_cast<char>(colour.green),
             static_cast<char>(colour.blue)};
  }
  return body.empty() ? "" : PngChunk("PLTE", body);
}

std::string HandWrittenPng(const Kind& kind, const Picture& picture) {
  return PngFile(static_cast<uint32_t>(picture.shape.width),
                 static_cast<uint32_t>(picture.shape.height), kind.depth, kind.colour_type,
                 picture.pixels, PaletteChunk(picture.shape));
}

TEST(PictureTest, EveryKindOfPngIsReadAndWrittenBitForBitAtEveryWidth) {
  for (const Kind& kind : kKinds) {
    for (int64_t width = 1; width <= 17; ++width) {
      const Picture picture = RandomPicture(kind, width, 1 + width % 3, width);
      SCOPED_TRACE(testing::Message() << "depth " << kind.depth << " type " << kind.colour_type
                                      << " width " << width);
      const std::string bytes = HandWrittenPng(kind, picture);
      EXPECT_EQ(ReadPicture(Save("read.png", bytes)).value(), picture);
      ASSERT_THAT(WritePicture(PathOf("written.png"), picture), IsOk());
      EXPECT_EQ(ReadPicture(PathOf("written.png")).value(), picture);
      // The same signature, size, depth and colour type as written by hand.
      EXPECT_EQ(Load(PathOf("written.png")).substr(0, 26), bytes.substr(0, 26));
    }
  }
}

TEST(PictureTest, GrayIsZeroForBlackInEveryFormat) {
  PictureShape shape;
  shape.width = 10;
  shape.height = 2;
  shape.bits_per_pixel = 1;
  shape.channels = 1;
  const Picture expected{shape, std::string("\xb2\x40\x0f\xc0", 4)};
  const std::vector<std::string> files = {
      Save("g.png", PngFile(10, 2, 1, kGray, expected.pixels)),
      Save("p.png", PngFile(10, 2, 1, kIndexed, expected.pixels,
                            PngChunk("PLTE", std::string("\0\0\0\xff\xff\xff", 6)))),
      Save("n.png", PngFile(10, 2, 1, kIndexed, std::string("\x4d\x80\xf0\x00", 4),
                            PngChunk("PLTE", std::string("\xff\xff\xff\0\0\0", 6)))),
      Save("raw.pbm", std::string("P4\n10 2\n\x4d\x80\xf0\x00", 12)),
      Save("dirty.pbm", "P4\n# comment 3 4\n10 2\n\x4d\xbf\xf0\x3f"),
      Save("plain.pbm", "P1\n10 2\n0 1 0 0 1 1 0 1 1 0\n1 1 1 1 0 0 0 0 0 0\n"),
      Save("dense.pbm", "P1 # 7 8\n10 2\n01001\n101101111\n000000")};
  for (const std::string& path : files) {
    const auto picture = ReadPicture(path);
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_EQ(*picture, expected) << path;
  }
}

TEST(PictureTest, PlainAndRawPgmAreRead) {
  const auto expect = [](const std::string& bytes, int bits, const std::string& pixels) {
    const auto picture = ReadPicture(Save("gray.pgm", bytes));
    ASSERT_TRUE(picture.ok()) << picture.status() << " of " << bytes;
    EXPECT_EQ(picture->shape.width, 3);
    EXPECT_EQ(picture->shape.height, 1);
    EXPECT_EQ(picture->shape.channels, 1);
    EXPECT_EQ(picture->shape.bits_per_pixel, bits);
    EXPECT_EQ(picture->pixels, pixels);
  };
  expect("P2\n3 1\n3\n0 1 3\n", 2, "\x1c");
  expect("P2\n# c\n3 1\n15\n9 1 15\n", 4, "\x91\xf0");
  expect("P2\n3 1\n255\n32 7 255\n", 8, " \x07\xff");
  expect("P5\n3 1\n3\n\x02\x01\x03", 2, "\x9c");
  expect("P5\n3 1\n15\n\x09\x01\x0f", 4, "\x91\xf0");
  expect("P5\n3 1\n255\n\n \xff", 8, "\n \xff");
}

TEST(PictureTest, PbmAndPgmAreWrittenBitForBit) {
  for (const int bits : {1, 2, 4, 8}) {
    for (int64_t width = 1; width <= 17; ++width) {
      const Picture picture = RandomPicture({kGray, bits}, width, 3, width);
      const std::string path = PathOf(bits == 1 ? "written.pbm" : "written.pgm");
      ASSERT_THAT(WritePicture(path, picture), IsOk());
      EXPECT_EQ(Load(path).substr(0, 2), bits == 1 ? "P4" : "P5");
      EXPECT_EQ(ReadPicture(path).value(), picture);
    }
  }
}

TEST(PictureTest, UnusedBitsAtTheEndOfARowLeaveNoTrace) {
  Picture picture = RandomPicture({kGray, 1}, 9, 2, 1);
  ASSERT_THAT(WritePicture(PathOf("clean.pbm"), picture), IsOk());
  picture.pixels[1] = static_cast<char>(picture.pixels[1] | 0x7f);
  ASSERT_THAT(WritePicture(PathOf("dirty.pbm"), picture), IsOk());
  EXPECT_EQ(Load(PathOf("clean.pbm")), Load(PathOf("dirty.pbm")));
}

TEST(PictureTest, NoiseInAPaletteOfFewColoursIsBlackPastItsEnd) {
  for (const int bits : {2, 4, 8}) {
    Picture picture = RandomPicture({kIndexed, bits}, 16, 16, 5);
    const std::vector<PaletteColor> colours = picture.shape.palette;
    picture.shape.palette.resize(3);
    ASSERT_THAT(WritePicture(PathOf("noise.png"), picture), IsOk());
    const Picture read = ReadPicture(PathOf("noise.png")).value();
    EXPECT_EQ(read.pixels, picture.pixels);
    ASSERT_GT(read.shape.palette.size(), 3u);
    for (size_t i = 0; i < read.shape.palette.size(); ++i) {
      EXPECT_EQ(read.shape.palette[i], i < 3 ? colours[i] : PaletteColor()) << i;
    }
  }
}

TEST(PictureTest, TheDemoPictureFitsThePyramidOf64In64Dimensions) {
  const Picture picture = ReadPicture(KVWIRE_DEMO_PICTURE).value();
  EXPECT_EQ(picture.shape.width, 288);
  EXPECT_EQ(picture.shape.height, 300);
  EXPECT_EQ(picture.shape.bits_per_pixel, 1);
  EXPECT_EQ(picture.shape.bytes(), 10800);
  EXPECT_LE(8 * picture.shape.bytes(), 1365 * 64);
}

TEST(PictureTest, AnyBytesOfTheRightLengthAreAPicture) {
  for (const Kind& kind : kKinds) {
    for (const char fill : {'\x00', '\xff', '\x5a'}) {
      Picture picture = RandomPicture(kind, 8, 3, 2);
      picture.pixels.assign(picture.pixels.size(), fill);
      ASSERT_THAT(WritePicture(PathOf("fill.png"), picture), IsOk());
      EXPECT_EQ(ReadPicture(PathOf("fill.png")).value(), picture);
    }
  }
}

TEST(PictureTest, AnEqualPictureHasABlackDifference) {
  for (const Kind& kind : kKinds) {
    const Picture picture = RandomPicture(kind, 13, 3, 4);
    const Picture difference = DifferencePicture(picture, picture).value();
    EXPECT_EQ(difference.shape.width, 13);
    EXPECT_EQ(difference.shape.height, 3);
    EXPECT_EQ(difference.shape.bits_per_pixel, 8);
    EXPECT_EQ(difference.shape.channels, 1);
    EXPECT_EQ(difference.pixels, std::string(39, '\0'));
  }
}

TEST(PictureTest, EachBitThatDiffersIsSeenAtItsPixelAndNowhereElse) {
  for (const Kind& kind : kKinds) {
    const Picture picture = RandomPicture(kind, 5, 2, 4);
    const PictureShape& shape = picture.shape;
    for (int64_t bit = 0; bit < 8 * shape.bytes(); ++bit) {
      const int64_t column = bit % (8 * shape.row_bytes());
      if (column >= shape.width * shape.bits_per_pixel) continue;
      Picture other = picture;
      other.pixels[bit / 8] = static_cast<char>(other.pixels[bit / 8] ^ 0x80 >> bit % 8);
      const Picture difference = DifferencePicture(picture, other).value();
      EXPECT_EQ(difference, DifferencePicture(other, picture).value());
      const int64_t pixel = bit / (8 * shape.row_bytes()) * 5 + column / shape.bits_per_pixel;
      for (int64_t i = 0; i < 10; ++i) EXPECT_EQ(difference.pixels[i] != 0, i == pixel);
    }
  }
}

TEST(PictureTest, TheDifferenceIsTheLargestOfAChannelInPartsOf255) {
  const auto difference = [](const Kind& kind, const std::string& a, const std::string& b) {
    Picture left = RandomPicture(kind, 1, 1, 0);
    Picture right = left;
    left.pixels = a;
    right.pixels = b;
    return static_cast<uint8_t>(DifferencePicture(left, right).value().pixels[0]);
  };
  EXPECT_EQ(difference({kGray, 1}, std::string(1, '\0'), "\x80"), 255);
  EXPECT_EQ(difference({kGray, 2}, "\x40", "\x80"), 85);
  EXPECT_EQ(difference({kGray, 4}, "\x40", "\x10"), 51);
  EXPECT_EQ(difference({kGray, 8}, "\x20", "\x50"), 0x30);
  EXPECT_EQ(difference({kGray, 16}, "\x20\x01", "\x20\x02"), 1);
  EXPECT_EQ(difference({kGray, 16}, std::string(2, '\0'), "\xff\xff"), 255);
  EXPECT_EQ(difference({kRgb, 8}, "\x10\x20\x30", "\x11\x10\x33"), 0x10);
  EXPECT_EQ(difference({kRgba, 8}, "\x10\x20\x30\x40", "\x11\x22\x33\x7f"), 0x3f);
}

TEST(PictureTest, APaletteDiffersByItsColours) {
  Picture left = RandomPicture({kIndexed, 8}, 1, 1, 0);
  left.shape.palette = {{1, 2, 3}, {1, 2, 3}, {9, 2, 0}};
  left.pixels = std::string(1, '\0');
  Picture right = left;
  const auto difference = [&](char index) {
    right.pixels = std::string(1, index);
    return DifferencePicture(left, right).value().pixels[0];
  };
  EXPECT_EQ(difference(1), 0);
  EXPECT_EQ(difference(2), 8);
  EXPECT_EQ(difference(100), 3);  // black
}

}  // namespace
}  // namespace kvwire
