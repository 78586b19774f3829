// Decoding any bytes as a picture: a documented error, or a picture within the bounds that
// every format which can hold it gives back to the bit.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "client/picture_codec.h"
#include "tests/fuzz/fuzz_require.h"

namespace kvwire {
namespace {

// Palettes lose nothing but what no pixel names; the pixels and the colours they show stay.
void RequireSamePicture(const Picture& a, const Picture& b) {
  Require(a.pixels == b.pixels, "pixels survive a file");
  Require(a.shape.width == b.shape.width && a.shape.height == b.shape.height &&
              a.shape.bits_per_pixel == b.shape.bits_per_pixel &&
              a.shape.channels == b.shape.channels,
          "the shape survives a file");
  const auto difference = DifferencePicture(a, a.shape == b.shape ? b : a);
  RequireOk(difference.status(), "pictures of one shape have a difference");
  for (const char level : difference->pixels) Require(level == 0, "equal pictures look equal");
}

}  // namespace
}  // namespace kvwire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kvwire;
  const auto picture = DecodePicture({reinterpret_cast<const char*>(data), size});
  if (!picture.ok()) {
    RequireCode(picture.status(), {absl::StatusCode::kInvalidArgument});
    return 0;
  }
  RequireOk(CheckPicture(*picture), "a decoded picture is within the bounds");
  const bool gray = picture->shape.channels == 1 && picture->shape.palette.empty();
  const int bits = picture->shape.bits_per_pixel;
  for (const auto format : {PictureFormat::kPng, PictureFormat::kPbm, PictureFormat::kPgm}) {
    const auto file = EncodePicture(*picture, format);
    const bool fits =
        format == PictureFormat::kPng ||
        (gray && (format == PictureFormat::kPbm ? bits == 1 : bits >= 2 && bits <= 8));
    Require(file.ok() == fits, "a format holds what it says");
    if (!fits) continue;
    const auto again = DecodePicture(*file);
    RequireOk(again.status(), "what was written can be read");
    RequireSamePicture(*picture, *again);
  }
  return 0;
}
