#ifndef KVWIRE_TESTS_CLIENT_PNG_BYTES_H_
#define KVWIRE_TESTS_CLIENT_PNG_BYTES_H_

// PNG files written by hand (ISO/IEC 15948), without any picture library: rows
// unfiltered, zlib blocks stored.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kvwire {

enum PngColourType { kGray = 0, kRgb = 2, kIndexed = 3, kGrayAlpha = 4, kRgba = 6 };

inline std::string BigEndian(uint32_t value, int bytes = 4) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}

inline std::string PngChunk(const std::string& type, const std::string& body) {
  uint32_t crc = 0xffffffff;
  for (const char byte : type + body) {
    crc ^= static_cast<uint8_t>(byte);
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
  }
  return BigEndian(static_cast<uint32_t>(body.size())) + type + body + BigEndian(~crc);
}

inline std::string PngHeader(uint32_t width, uint32_t height, int depth,
                             PngColourType colour_type) {
  const std::string rest = {static_cast<char>(depth), static_cast<char>(colour_type), 0, 0, 0};
  return "\x89PNG\r\n\x1a\n" + PngChunk("IHDR", BigEndian(width) + BigEndian(height) + rest);
}

// A stored zlib stream of at most 65535 bytes.
inline std::string ZlibStored(const std::string& bytes) {
  uint32_t a = 1;
  uint32_t b = 0;
  for (const char byte : bytes) {
    a = (a + static_cast<uint8_t>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  const auto size = static_cast<uint32_t>(bytes.size());
  const auto little = [](uint32_t value) {
    return std::string{static_cast<char>(value), static_cast<char>(value >> 8)};
  };
  return "\x78\x01\x01" + little(size) + little(~size) + bytes + BigEndian(b << 16 | a);
}

// `pixels` are `height` rows of equal length; `extra` are chunks before them.
inline std::string PngFile(uint32_t width, uint32_t height, int depth,
                           PngColourType colour_type, std::string_view pixels,
                           const std::string& extra = "") {
  const size_t row_bytes = pixels.size() / height;
  std::string rows;
  for (uint32_t y = 0; y < height; ++y) {
    rows += '\0';
    rows += pixels.substr(y * row_bytes, row_bytes);
  }
  return PngHeader(width, height, depth, colour_type) + extra +
         PngChunk("IDAT", ZlibStored(rows)) + PngChunk("IEND", "");
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CLIENT_PNG_BYTES_H_
