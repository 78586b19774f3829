#include "tests/client/png_bytes.h"
#include "tests/fuzz/seeds.h"

namespace kvwire {
namespace {

std::string Palette(const std::string& colours) { return PngChunk("PLTE", colours); }

std::vector<Seed> PngSeeds() {
  const std::string colours("\0\0\0\xff\0\0\0\xff\0\0\0\xff", 12);
  const std::string truncated = PngFile(4, 2, 8, kGray, "12345678");
  return {
      {"gray_1.png", PngFile(8, 2, 1, kGray, "\xa5\x5a")},
      {"gray_2.png", PngFile(4, 2, 2, kGray, "\x1b\xe4")},
      {"gray_4.png", PngFile(2, 2, 4, kGray, "\x1f\xf1")},
      {"gray_8.png", PngFile(2, 2, 8, kGray, "1234")},
      {"gray_16.png", PngFile(1, 2, 16, kGray, "1234")},
      {"rgb_8.png", PngFile(1, 2, 8, kRgb, "123456")},
      {"rgb_16.png", PngFile(1, 1, 16, kRgb, "123456")},
      {"rgba_8.png", PngFile(1, 2, 8, kRgba, "12345678")},
      {"gray_alpha.png", PngFile(1, 2, 8, kGrayAlpha, "1234")},
      {"indexed_1.png", PngFile(8, 1, 1, kIndexed, "\xa5", Palette(colours.substr(0, 6)))},
      {"indexed_2.png", PngFile(4, 1, 2, kIndexed, "\x1b", Palette(colours))},
      {"indexed_4.png", PngFile(2, 1, 4, kIndexed, "\x12", Palette(colours))},
      {"indexed_8.png", PngFile(2, 1, 8, kIndexed, "\1\2", Palette(colours))},
      {"indexed_past_the_end.png", PngFile(2, 1, 8, kIndexed, "\1\x7f", Palette(colours))},
      {"no_palette.png", PngFile(2, 1, 8, kIndexed, "\1\2")},
      {"transparent_colour.png",
       PngFile(1, 2, 8, kGray, "12", PngChunk("tRNS", std::string("\0\1", 2)))},
      {"gamma.png", PngFile(1, 2, 8, kGray, "12", PngChunk("gAMA", BigEndian(45455)))},
      {"text.png",
       PngFile(1, 2, 8, kGray, "12", PngChunk("tEXt", std::string("Title\0x", 7)))},
      {"truncated.png", truncated.substr(0, truncated.size() - 20)},
      {"huge.png", PngHeader(1 << 14, 1 << 14, 8, kGray) + PngChunk("IEND", "")},
      {"longest.png", PngHeader(0x7fffffff, 0x7fffffff, 16, kRgba)},
      {"long_chunk.png", PngHeader(1, 1, 8, kGray) + BigEndian(0xffffffff) + "tRNS"},
  };
}

std::vector<Seed> PnmSeeds() {
  return {
      {"plain.pbm", "P1\n3 2\n101\n0 1 0\n"},
      {"comment.pbm", "P1\n# a picture\n3 2\n101010\n"},
      {"raw.pbm", "P4\n9 2\n\xa5\x80\x5a\x7f"},
      {"plain.pgm", "P2\n2 2\n255\n0 127 128 255\n"},
      {"plain_15.pgm", "P2\n2 2\n15\n0 7 8 15\n"},
      {"raw.pgm", "P5\n2 2\n255\n1234"},
      {"raw_3.pgm", "P5\n4 1\n3\n\1\2\3\1"},
      {"raw_16.pgm", "P5\n1 1\n65535\n12"},
      {"odd_maximum.pgm", "P5\n2 2\n200\n1234"},
      {"truncated.pgm", "P5\n200 200\n255\n1234"},
      {"no_size.pbm", "P4\n"},
      {"negative.pgm", "P5\n-2 2\n255\n1234"},
      {"huge.pbm", "P4\n2147483647 2147483647\n"},
  };
}

}  // namespace

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds = PngSeeds();
  for (Seed& seed : PnmSeeds()) seeds.push_back(std::move(seed));
  return seeds;
}

}  // namespace kvwire
