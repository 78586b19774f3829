#ifndef KVWIRE_CLIENT_PICTURE_H_
#define KVWIRE_CLIENT_PICTURE_H_

// Pictures as nothing but the bits of their pixels, so that a picture can be a
// payload: a file is read into raw pixels and a shape, and any bytes of the right
// number, noise included, are again a picture of that shape. Files are PNG, PBM (P1,
// P4) and PGM (P2, P5). What could not be given back bit for bit is refused, never
// approximated.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kvwire {

// Bounds checked before a file is read and before its pixels are decoded.
inline constexpr size_t kMaxPictureFileBytes = size_t{1} << 28;
inline constexpr int64_t kMaxPictureBytes = int64_t{1} << 27;

struct PaletteColor {
  uint8_t red = 0;
  uint8_t green = 0;
  uint8_t blue = 0;

  bool operator==(const PaletteColor&) const = default;
};

struct PictureShape {
  int64_t width = 0;
  int64_t height = 0;
  // Gray: 1 channel of 1, 2, 4, 8 or 16 bits, 0 is black (in PBM too, whose files
  // say 1 for black). Palette: 1 channel of 2, 4 or 8 bits. RGB and RGBA: 3 and 4
  // channels of 8 bits.
  int bits_per_pixel = 0;
  int channels = 0;
  std::vector<PaletteColor> palette;  // empty where pixels are not indices

  int64_t row_bytes() const { return (width * bits_per_pixel + 7) / 8; }
  int64_t bytes() const { return height * row_bytes(); }

  bool operator==(const PictureShape&) const = default;
};

struct Picture {
  PictureShape shape;
  // [height, row_bytes], rows from the top; within a row the first pixel and the
  // first channel in the highest bits, as in PNG; unused bits at its end are 0.
  std::string pixels;

  bool operator==(const Picture&) const = default;
};

// Return INVALID_ARGUMENT unless the shape is one of the above and within the limits,
// and the pixels are shape.bytes() long.
absl::Status CheckShape(const PictureShape& shape);
absl::Status CheckPicture(const Picture& picture);

// Reads a picture. Returns
// NOT_FOUND          no such file; other failures of the system as it names them
// INVALID_ARGUMENT   not a PNG, PBM or PGM; damaged or truncated; over the limits
//                    above; or of a kind that would be changed: 16 bits a
//                    channel in colour or in PGM, PNG with gray and alpha, with a
//                    transparent colour, or with a 1-bit palette of other colours
//                    than black and white
absl::StatusOr<Picture> ReadPicture(const std::string& path);

// Writes a picture in the format of the path's extension: .png for any shape, .pbm
// for gray of 1 bit, .pgm for gray of 2, 4 or 8 bits. Pixels past the end of the
// palette are black. Returns INVALID_ARGUMENT for another extension, a shape that
// the format cannot hold or that is none of the above, or pixels that are not
// shape.bytes() long; failures of the system as it names them.
absl::Status WritePicture(const std::string& path, const Picture& picture);

// How two pictures differ, 8-bit gray: 0 (black) exactly where the pixels look the
// same, else the largest difference of a channel, 255 for the whole range. Returns
// INVALID_ARGUMENT if the shapes are not equal or either is not whole.
absl::StatusOr<Picture> DifferencePicture(const Picture& a, const Picture& b);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_PICTURE_H_
