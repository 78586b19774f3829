// What ReadPicture, WritePicture and DifferencePicture refuse.

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/picture.h"
#include "client/picture_codec.h"
#include "common/base/counter_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/png_bytes.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

std::string PathOf(const std::string& name) { return ::testing::TempDir() + "/" + name; }

Picture Make(int channels, int bits_per_pixel, size_t colours = 0) {
  Picture picture;
  picture.shape.width = 3;
  picture.shape.height = 2;
  picture.shape.channels = channels;
  picture.shape.bits_per_pixel = bits_per_pixel;
  picture.shape.palette.resize(colours);
  picture.pixels.assign(picture.shape.bytes(), '\0');
  return picture;
}

std::string Palette(const std::string& colours) { return PngChunk("PLTE", colours); }

// Small files of every format, whose last byte matters.
std::vector<std::string> GoodFiles() {
  const std::string colours = Palette("\x01\x02\x03\x04\x05\x06");
  return {PngFile(3, 2, 1, kGray, "\xa0\x40"),
          PngFile(3, 2, 16, kGray, "abcdefghijkl"),
          PngFile(3, 2, 4, kIndexed, std::string("\x01\x10\x11\x00", 4), colours),
          PngFile(3, 2, 8, kRgb, "abcdefghijklmnopqr"),
          PngFile(3, 2, 8, kRgba, "abcdefghijklmnopqrstuvwx"),
          "P1\n3 2\n1 0 1 0 1 1",
          "P1\n3 2\n101011",
          "P2\n3 2\n15\n1 2 3 4 5 6",
          std::string("P4\n3 2\n\xa0\x60"),
          "P5\n3 2\n255\nabcdef"};
}

TEST(PictureErrorsTest, AMissingFileIsNotFound) {
  EXPECT_THAT(ReadPicture(PathOf("nowhere.png")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("nowhere.png")));
  EXPECT_THAT(WritePicture(PathOf("nowhere/a.png"), Make(1, 1)),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("nowhere/a.png")));
}

TEST(PictureErrorsTest, AFolderIsNoPicture) {
  EXPECT_FALSE(ReadPicture(::testing::TempDir()).ok());
  std::filesystem::create_directory(PathOf("folder.png"));
  EXPECT_FALSE(WritePicture(PathOf("folder.png"), Make(1, 1)).ok());
}

TEST(PictureErrorsTest, ErrorsNameTheFile) {
  std::ofstream(PathOf("text.png")) << "not a picture at all";
  EXPECT_THAT(ReadPicture(PathOf("text.png")),
              StatusIs(kInvalid, AllOf(HasSubstr("text.png: "),
                                       HasSubstr("not a PNG, PBM or PGM file"))));
}

TEST(PictureErrorsTest, OtherFormatsAreRefused) {
  for (const std::string bytes : {"", "P", "P3\n1 1\n255\n1 2 3", "P6\n1 1\n255\nabc", "P7\n",
                                  "GIF89a", "\xff\xd8\xff\xe0", "BM", "II*"}) {
    EXPECT_THAT(DecodePicture(bytes),
                StatusIs(kInvalid, HasSubstr("not a PNG, PBM or PGM file")))
        << bytes;
  }
}

TEST(PictureErrorsTest, EveryBeginningOfAFileIsTruncated) {
  for (const std::string& file : GoodFiles()) {
    ASSERT_THAT(DecodePicture(file), IsOk());
    for (size_t size = 0; size < file.size(); ++size) {
      EXPECT_THAT(DecodePicture(std::string_view(file).substr(0, size)),
                  StatusIs(kInvalid, ::testing::_))
          << size << " of " << file.size() << " bytes of " << file.substr(0, 4);
    }
  }
  EXPECT_THAT(DecodePicture("\x89PNG\r\n\x1a\n"), StatusIs(kInvalid, HasSubstr("PNG header")));
  EXPECT_THAT(DecodePicture("P4\n3"), StatusIs(kInvalid, HasSubstr("PGM header")));
  EXPECT_THAT(DecodePicture("P5\n3 2\n255\nabc"),
              StatusIs(kInvalid, HasSubstr("damaged or truncated pixels")));
}

TEST(PictureErrorsTest, DamagedFilesAreRefusedOrReadButNeverCrash) {
  for (const std::string& file : GoodFiles()) {
    for (size_t bit = 0; bit < 8 * file.size(); ++bit) {
      std::string damaged = file;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
      const absl::StatusOr<Picture> picture = DecodePicture(damaged);
      if (picture.ok()) {
        EXPECT_THAT(CheckPicture(*picture), IsOk());
      } else {
        EXPECT_EQ(picture.status().code(), kInvalid);
      }
    }
  }
}

TEST(PictureErrorsTest, NoiseAfterAGoodBeginningNeverCrashes) {
  const CounterRng rng(1, 0);
  for (const std::string& file : GoodFiles()) {
    for (uint64_t trial = 0; trial < 200; ++trial) {
      std::string noise = file.substr(0, 2 + rng.Bits(trial) % file.size());
      for (uint64_t i = 0; i < 40; ++i) {
        noise += static_cast<char>(rng.Bits(1000 + 40 * trial + i));
      }
      const absl::StatusOr<Picture> picture = DecodePicture(noise);
      EXPECT_TRUE(picture.ok() || picture.status().code() == kInvalid) << picture.status();
    }
  }
}

TEST(PictureErrorsTest, AFileOverTheLimitIsRefusedBeforeItIsRead) {
  std::ofstream(PathOf("large.png")) << PngFile(3, 2, 1, kGray, "\xa0\x40");
  std::filesystem::resize_file(PathOf("large.png"), kMaxPictureFileBytes + 1);
  EXPECT_THAT(ReadPicture(PathOf("large.png")),
              StatusIs(kInvalid, HasSubstr("the file is over 268435456 bytes")));
  std::filesystem::remove(PathOf("large.png"));
}

TEST(PictureErrorsTest, APictureOverTheLimitIsRefusedByItsHeader) {
  const auto too_large = StatusIs(kInvalid, HasSubstr("from 1 pixel to 134217728 bytes"));
  EXPECT_THAT(DecodePicture(PngHeader(0x7fffffff, 0x7fffffff, 16, kGray)), too_large);
  EXPECT_THAT(DecodePicture(PngHeader(1, 1 << 28, 1, kGray)), too_large);
  EXPECT_THAT(DecodePicture(PngHeader(8192, 4097, 8, kRgba)), too_large);
  EXPECT_THAT(DecodePicture(PngHeader(0, 1, 8, kGray)), too_large);
  EXPECT_THAT(DecodePicture("P5\n90000 90000\n255\n"), too_large);
  // One more row than fits; the last that fits is only truncated.
  EXPECT_THAT(DecodePicture(PngHeader(8192, 4096, 8, kRgba)),
              StatusIs(kInvalid, HasSubstr("damaged or truncated pixels")));
}

TEST(PictureErrorsTest, SixteenBitsInColourAreRefusedRatherThanHalved) {
  const auto error = StatusIs(kInvalid, HasSubstr("the lower 8 would be lost"));
  EXPECT_THAT(DecodePicture(PngFile(1, 1, 16, kRgb, "abcdef")), error);
  EXPECT_THAT(DecodePicture(PngFile(1, 1, 16, kRgba, "abcdefgh")), error);
}

TEST(PictureErrorsTest, TransparencyOtherThanRgbaIsRefusedRatherThanLost) {
  const std::string colours = Palette("\x01\x02\x03\x04\x05\x06");
  const auto error = StatusIs(kInvalid, HasSubstr("supported as RGBA of 8 bits"));
  EXPECT_THAT(DecodePicture(PngFile(1, 1, 8, kGrayAlpha, "ab")), error);
  EXPECT_THAT(DecodePicture(PngFile(1, 1, 16, kGrayAlpha, "abcd")), error);
  EXPECT_THAT(DecodePicture(PngFile(1, 1, 8, kGray, "a", PngChunk("tRNS", "ab"))), error);
  EXPECT_THAT(DecodePicture(PngFile(1, 1, 8, kRgb, "abc", PngChunk("tRNS", "abcdef"))), error);
  EXPECT_THAT(
      DecodePicture(PngFile(1, 1, 8, kIndexed, "\x01", colours + PngChunk("tRNS", "a"))),
      error);
}

TEST(PictureErrorsTest, OneBitPalettesOfOtherColoursAreRefused) {
  EXPECT_THAT(
      DecodePicture(PngFile(3, 1, 1, kIndexed, "\xa0", Palette("\x01\x02\x03\x04\x05\x06"))),
      StatusIs(kInvalid, HasSubstr("palette of 1 bit")));
}

TEST(PictureErrorsTest, AnIndexPastThePaletteOfAFileIsDamage) {
  EXPECT_THAT(
      DecodePicture(PngFile(1, 1, 8, kIndexed, "\x02", Palette("\x01\x02\x03\x04\x05\x06"))),
      StatusIs(kInvalid, HasSubstr("damaged")));
}

TEST(PictureErrorsTest, OtherDepthsOfPgmAreRefused) {
  EXPECT_THAT(DecodePicture("P5\n1 1\n65535\nab"),
              StatusIs(kInvalid, HasSubstr("PGM of 16 bits is not supported: take PNG")));
  for (const std::string largest : {"1", "7", "100", "256"}) {
    EXPECT_THAT(DecodePicture("P2\n1 1\n" + largest + "\n0\n"),
                StatusIs(kInvalid, HasSubstr("largest value other than 3, 15, 255")));
  }
}

TEST(PictureErrorsTest, OnlyThreeExtensionsCanBeWritten) {
  for (const std::string name : {"a", "a.gif", "a.PNG", "png", "a.ppm", "a.png.txt", ""}) {
    EXPECT_THAT(WritePicture(name, Make(1, 1)),
                StatusIs(kInvalid, HasSubstr("extension must be .png, .pbm or .pgm")));
  }
}

TEST(PictureErrorsTest, AFormatThatCannotHoldTheShapeIsRefused) {
  const std::vector<Picture> pictures = {Make(1, 1),    Make(1, 2),  Make(1, 4),
                                         Make(1, 8),    Make(1, 16), Make(1, 2, 4),
                                         Make(1, 8, 3), Make(3, 24), Make(4, 32)};
  for (const Picture& picture : pictures) {
    const int bits = picture.shape.bits_per_pixel;
    const bool gray = picture.shape.palette.empty();
    EXPECT_THAT(EncodePicture(picture, PictureFormat::kPng), IsOk());
    const auto pbm = EncodePicture(picture, PictureFormat::kPbm);
    const auto pgm = EncodePicture(picture, PictureFormat::kPgm);
    if (gray && bits == 1) {
      EXPECT_THAT(pbm, IsOk());
    } else {
      EXPECT_THAT(pbm, StatusIs(kInvalid, HasSubstr("gray of 1 bit only")));
    }
    if (gray && bits >= 2 && bits <= 8) {
      EXPECT_THAT(pgm, IsOk());
    } else {
      EXPECT_THAT(pgm, StatusIs(kInvalid, HasSubstr("gray of 2, 4 or 8 bits")));
    }
  }
}

TEST(PictureErrorsTest, ShapesThatNoPictureHasAreRefused) {
  for (int channels = -1; channels <= 5; ++channels) {
    for (int bits = -1; bits <= 64; ++bits) {
      const bool gray = bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16;
      if ((channels == 1 && gray) || (channels == 3 && bits == 24) ||
          (channels == 4 && bits == 32)) {
        continue;
      }
      EXPECT_THAT(CheckShape(PictureShape{3, 2, bits, channels, {}}),
                  StatusIs(kInvalid, HasSubstr(absl::StrCat(channels, " channels in ", bits,
                                                            " bits a pixel"))));
    }
  }
  const std::vector<Picture> palettes = {Make(1, 1, 2),   Make(1, 2, 5),  Make(1, 4, 17),
                                         Make(1, 8, 257), Make(1, 16, 2), Make(3, 24, 2)};
  for (const Picture& picture : palettes) {
    EXPECT_THAT(CheckShape(picture.shape),
                StatusIs(kInvalid, HasSubstr("no picture has a palette")));
  }
  for (const auto& [width, height] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 1}, {1, 0}, {-1, 1}, {INT64_MAX, INT64_MAX}, {1, kMaxPictureBytes + 1}}) {
    EXPECT_THAT(CheckShape(PictureShape{width, height, 1, 1, {}}),
                StatusIs(kInvalid, HasSubstr("must have from 1 pixel to")));
  }
}

TEST(PictureErrorsTest, PixelsOfAnotherLengthAreRefused) {
  Picture picture = Make(1, 8);
  picture.pixels += '\0';
  const auto error = StatusIs(kInvalid, HasSubstr("has 6 bytes of pixels, not 7"));
  EXPECT_THAT(WritePicture(PathOf("a.png"), picture), error);
  EXPECT_THAT(DifferencePicture(picture, Make(1, 8)), error);
  EXPECT_THAT(DifferencePicture(Make(1, 8), picture), error);
}

TEST(PictureErrorsTest, APictureTooWideForTheLibraryIsRefused) {
  Picture picture = Make(1, 1);
  picture.shape.width = kMaxPictureBytes;
  picture.shape.height = 1;
  picture.pixels.assign(picture.shape.bytes(), '\0');
  EXPECT_THAT(EncodePicture(picture, PictureFormat::kPng),
              StatusIs(kInvalid, HasSubstr("134217728 x 1 pixels cannot be written")));
}

TEST(PictureErrorsTest, PicturesOfTwoShapesHaveNoDifference) {
  EXPECT_THAT(DifferencePicture(Make(1, 8), Make(1, 4)),
              StatusIs(kInvalid, HasSubstr("only pictures of one shape")));
  EXPECT_THAT(DifferencePicture(Make(1, 8, 2), Make(1, 8)),
              StatusIs(kInvalid, HasSubstr("only pictures of one shape")));
}

TEST(PictureErrorsTest, LeptonicaKeepsSilent) {
  ::testing::internal::CaptureStderr();
  const std::string colours = Palette("\x01\x02\x03\x04\x05\x06");
  EXPECT_FALSE(DecodePicture(PngFile(1, 1, 8, kIndexed, "\x02", colours)).ok());
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace kvwire
