#include "client/picture_codec.h"

#include <leptonica/allheaders.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/pnm.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";
// The signature, and the IHDR chunk: length, type, 13 bytes, checksum.
constexpr size_t kPngHeaderBytes = 8 + 4 + 4 + 13 + 4;

struct DestroyPix {
  void operator()(Pix* pix) const { pixDestroy(&pix); }
};
using PixPointer = std::unique_ptr<Pix, DestroyPix>;

// Leptonica reports on stderr and shortens 16 bits to 8 unless told otherwise, once
// for the whole process.
void SetUpLeptonica() {
  [[maybe_unused]] static const bool once = [] {
    setMsgSeverity(L_SEVERITY_NONE);
    leptSetStderrHandler([](const char*) {});
    l_pngSetReadStrip16To8(0);
    return true;
  }();
}

const l_uint8* Data(std::string_view bytes) {
  return reinterpret_cast<const l_uint8*>(bytes.data());
}

int64_t BigEndian32(std::string_view bytes) {
  int64_t value = 0;
  for (const char byte : bytes.substr(0, 4)) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

// True if a chunk of this type comes before the pixels. The libraries below take a
// transparent colour for no picture or for no transparency at all.
bool PngHasChunk(std::string_view bytes, std::string_view type) {
  bytes.remove_prefix(kPngSignature.size());
  while (bytes.size() >= 12 && bytes.substr(4, 4) != "IDAT") {
    if (bytes.substr(4, 4) == type) return true;
    const auto chunk_bytes = static_cast<size_t>(BigEndian32(bytes)) + 12;
    bytes.remove_prefix(std::min(bytes.size(), chunk_bytes));
  }
  return false;
}

// What the header announces. Pixels are decoded later, by Leptonica, which must agree.
absl::StatusOr<PictureShape> PngShape(std::string_view bytes) {
  if (bytes.size() < kPngHeaderBytes || bytes.substr(12, 4) != "IHDR") {
    return absl::InvalidArgumentError("damaged or truncated PNG header");
  }
  const int depth = static_cast<unsigned char>(bytes[24]);
  const int colour_type = static_cast<unsigned char>(bytes[25]);
  if (colour_type == 4 || PngHasChunk(bytes, "tRNS")) {
    return absl::InvalidArgumentError(
        "PNG with transparency is supported as RGBA of 8 bits a channel only");
  }
  PictureShape shape;
  shape.width = BigEndian32(bytes.substr(16));
  shape.height = BigEndian32(bytes.substr(20));
  shape.channels = colour_type == 2 ? 3 : colour_type == 6 ? 4 : 1;
  shape.bits_per_pixel = depth * shape.channels;
  if (shape.channels > 1 && depth == 16) {
    return absl::InvalidArgumentError(
        "16 bits a channel in colour are not supported: the lower 8 would be lost");
  }
  return shape;
}

// For one bit, Leptonica says 1 for black whatever the file says.
int Inverted(const PictureShape& shape) { return shape.bits_per_pixel == 1 ? 0xff : 0; }

// The last byte of a row with its unused bits set to 0.
int LastByteMask(const PictureShape& shape) {
  const int64_t unused = 8 * shape.row_bytes() - shape.width * shape.bits_per_pixel;
  return 0xff << unused;
}

// Where byte `byte` of our row is in Leptonica's, whose RGB pixels take 4 bytes.
int64_t RasterByte(const PictureShape& shape, int64_t byte) {
  return shape.channels == 3 ? byte / 3 * 4 + byte % 3 : byte;
}

std::string CopyPixels(Pix* pix, const PictureShape& shape) {
  const int64_t row_bytes = shape.row_bytes();
  std::string pixels;
  pixels.reserve(shape.bytes());
  for (int64_t y = 0; y < shape.height; ++y) {
    const l_uint32* line = pixGetData(pix) + y * pixGetWpl(pix);
    for (int64_t byte = 0; byte < row_bytes; ++byte) {
      const int value = GET_DATA_BYTE(line, RasterByte(shape, byte));
      pixels += static_cast<char>(value ^ Inverted(shape));
    }
    pixels.back() = static_cast<char>(pixels.back() & LastByteMask(shape));
  }
  return pixels;
}

void CopyPalette(PixColormap* colours, PictureShape& shape) {
  for (int i = 0; colours != nullptr && i < pixcmapGetCount(colours); ++i) {
    l_int32 red = 0;
    l_int32 green = 0;
    l_int32 blue = 0;
    pixcmapGetColor(colours, i, &red, &green, &blue);
    shape.palette.push_back(
        {static_cast<uint8_t>(red), static_cast<uint8_t>(green), static_cast<uint8_t>(blue)});
  }
}

bool Agrees(Pix* pix, const PictureShape& shape) {
  const int depth = shape.channels == 1 ? shape.bits_per_pixel : 32;
  return pixGetWidth(pix) == shape.width && pixGetHeight(pix) == shape.height &&
         pixGetDepth(pix) == depth && pixGetSpp(pix) == shape.channels;
}

// The colours that the pixels name, those past the end of the palette black: what
// noise looks like must not depend on what a library makes of a wrong index.
PixColormap* MakePalette(const Picture& picture) {
  const int bits = picture.shape.bits_per_pixel;
  size_t colours = picture.shape.palette.size();
  for (const char byte : picture.pixels) {
    for (int shift = 0; shift < 8; shift += bits) {
      const size_t index = static_cast<uint8_t>(byte) >> shift & ((1 << bits) - 1);
      colours = std::max(colours, index + 1);
    }
  }
  PixColormap* palette = pixcmapCreate(bits);
  for (size_t i = 0; i < colours; ++i) {
    const PaletteColor colour =
        i < picture.shape.palette.size() ? picture.shape.palette[i] : PaletteColor();
    pixcmapAddColor(palette, colour.red, colour.green, colour.blue);
  }
  return palette;
}

PixPointer MakePix(const Picture& picture) {
  const PictureShape& shape = picture.shape;
  PixPointer pix(pixCreate(static_cast<l_int32>(shape.width),
                           static_cast<l_int32>(shape.height),
                           shape.channels == 1 ? shape.bits_per_pixel : 32));
  if (pix == nullptr) return nullptr;
  pixSetSpp(pix.get(), shape.channels);
  if (!shape.palette.empty()) pixSetColormap(pix.get(), MakePalette(picture));
  const int64_t row_bytes = shape.row_bytes();
  for (int64_t y = 0; y < shape.height; ++y) {
    l_uint32* line = pixGetData(pix.get()) + y * pixGetWpl(pix.get());
    for (int64_t byte = 0; byte < row_bytes; ++byte) {
      int value = static_cast<uint8_t>(picture.pixels[y * row_bytes + byte]);
      value ^= Inverted(shape);
      if (byte + 1 == row_bytes) value &= LastByteMask(shape);
      SET_DATA_BYTE(line, RasterByte(shape, byte), value);
    }
  }
  return pix;
}

absl::Status CheckFormat(const PictureShape& shape, PictureFormat format) {
  const bool gray = shape.channels == 1 && shape.palette.empty();
  const int bits = shape.bits_per_pixel;
  if (format == PictureFormat::kPbm && !(gray && bits == 1)) {
    return absl::InvalidArgumentError("a PBM can hold gray of 1 bit only: take PNG");
  }
  if (format == PictureFormat::kPgm && !(gray && bits >= 2 && bits <= 8)) {
    return absl::InvalidArgumentError("a PGM can hold gray of 2, 4 or 8 bits only: take PNG");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Picture> DecodePicture(std::string_view bytes) {
  SetUpLeptonica();
  if (IsPnm(bytes)) return DecodePnm(bytes);
  if (!bytes.starts_with(kPngSignature)) {
    return absl::InvalidArgumentError("not a PNG, PBM or PGM file");
  }
  Picture picture;
  KVWIRE_ASSIGN_OR_RETURN(picture.shape, PngShape(bytes));
  KVWIRE_RETURN_IF_ERROR(CheckShape(picture.shape));
  const PixPointer pix(pixReadMemPng(Data(bytes), bytes.size()));
  if (pix == nullptr) return absl::InvalidArgumentError("damaged or truncated pixels");
  if (!Agrees(pix.get(), picture.shape)) {
    return absl::InvalidArgumentError(
        "PNG with a palette of 1 bit is supported for black and white only");
  }
  CopyPalette(pixGetColormap(pix.get()), picture.shape);
  picture.pixels = CopyPixels(pix.get(), picture.shape);
  return picture;
}

absl::StatusOr<std::string> EncodePicture(const Picture& picture, PictureFormat format) {
  SetUpLeptonica();
  KVWIRE_RETURN_IF_ERROR(CheckPicture(picture));
  KVWIRE_RETURN_IF_ERROR(CheckFormat(picture.shape, format));
  const PixPointer pix = MakePix(picture);
  l_uint8* data = nullptr;
  size_t size = 0;
  if (pix == nullptr ||
      (format == PictureFormat::kPng ? pixWriteMemPng(&data, &size, pix.get(), 0)
                                     : pixWriteMemPnm(&data, &size, pix.get())) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("a picture of ", picture.shape.width, " x ",
                                                   picture.shape.height,
                                                   " pixels cannot be written"));
  }
  std::string bytes(reinterpret_cast<const char*>(data), size);
  lept_free(data);
  return bytes;
}

}  // namespace kvwire
