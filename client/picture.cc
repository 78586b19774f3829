#include "client/picture.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/picture_codec.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

absl::Status SystemError(const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("picture ", path));
}

absl::Status AtPath(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("picture ", path, ": ", status.message()));
}

absl::Status TooLarge(const std::string& path) {
  return AtPath(path, absl::InvalidArgumentError(
                          absl::StrCat("the file is over ", kMaxPictureFileBytes, " bytes")));
}

absl::StatusOr<std::string> ReadBytes(const std::string& path) {
  std::error_code unknown;
  const auto size = std::filesystem::file_size(path, unknown);
  if (!unknown && size > kMaxPictureFileBytes) return TooLarge(path);
  const File file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return SystemError(path);
  std::string bytes;
  std::array<char, 1 << 16> piece;
  while (const size_t count = std::fread(piece.data(), 1, piece.size(), file.get())) {
    bytes.append(piece.data(), count);
    // A pipe has no size, and a file may grow.
    if (bytes.size() > kMaxPictureFileBytes) return TooLarge(path);
  }
  if (std::ferror(file.get()) != 0) return SystemError(path);
  return bytes;
}

absl::Status WriteBytes(const std::string& path, std::string_view bytes) {
  File file(std::fopen(path.c_str(), "wb"));
  if (file == nullptr) return SystemError(path);
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size();
  // The last bytes may fail only on closing.
  if (std::fclose(file.release()) != 0 || !written) return SystemError(path);
  return absl::OkStatus();
}

absl::StatusOr<PictureFormat> FormatOfPath(const std::string& path) {
  if (absl::EndsWith(path, ".png")) return PictureFormat::kPng;
  if (absl::EndsWith(path, ".pbm")) return PictureFormat::kPbm;
  if (absl::EndsWith(path, ".pgm")) return PictureFormat::kPgm;
  return absl::InvalidArgumentError("the extension must be .png, .pbm or .pgm");
}

// A pixel as up to 4 channels from 0 to 65535, whatever its depth.
using Levels = std::array<int, 4>;

int Sample(const Picture& picture, int64_t y, int64_t bit, int bits) {
  const char* row = picture.pixels.data() + y * picture.shape.row_bytes();
  const auto byte = [&](int64_t at) {
    return static_cast<int>(static_cast<uint8_t>(row[at]));
  };
  if (bits == 16) return byte(bit / 8) << 8 | byte(bit / 8 + 1);
  return byte(bit / 8) >> (8 - bits - bit % 8) & ((1 << bits) - 1);
}

Levels LevelsAt(const Picture& picture, int64_t x, int64_t y) {
  const PictureShape& shape = picture.shape;
  const int bits = shape.bits_per_pixel / shape.channels;
  Levels levels{};
  if (!shape.palette.empty()) {
    const auto index = static_cast<size_t>(Sample(picture, y, x * bits, bits));
    if (index >= shape.palette.size()) return levels;
    const PaletteColor colour = shape.palette[index];
    return {colour.red * 257, colour.green * 257, colour.blue * 257, 0};
  }
  // Each 2^bits - 1 of a depth divides 65535.
  const int unit = 65535 / ((1 << bits) - 1);
  for (int channel = 0; channel < shape.channels; ++channel) {
    const int64_t bit = x * shape.bits_per_pixel + int64_t{channel} * bits;
    levels[channel] = Sample(picture, y, bit, bits) * unit;
  }
  return levels;
}

}  // namespace

absl::Status CheckShape(const PictureShape& shape) {
  const int bits = shape.bits_per_pixel;
  const bool gray =
      shape.channels == 1 && (bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16);
  const bool colour =
      (shape.channels == 3 || shape.channels == 4) && bits == 8 * shape.channels;
  if (!gray && !colour) {
    return absl::InvalidArgumentError(absl::StrCat("no picture has ", shape.channels,
                                                   " channels in ", bits, " bits a pixel"));
  }
  if (!shape.palette.empty() &&
      (colour || bits < 2 || bits > 8 || shape.palette.size() > (size_t{1} << bits))) {
    return absl::InvalidArgumentError(absl::StrCat("no picture has a palette of ",
                                                   shape.palette.size(), " colours for ", bits,
                                                   " bits a pixel"));
  }
  // Each side first, so that the product cannot overflow.
  if (shape.width < 1 || shape.height < 1 || shape.width > kMaxPictureBytes ||
      shape.height > kMaxPictureBytes || shape.bytes() > kMaxPictureBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a picture must have from 1 pixel to ", kMaxPictureBytes, " bytes of pixels, not ",
        shape.width, " x ", shape.height, " pixels of ", bits, " bits"));
  }
  return absl::OkStatus();
}

absl::Status CheckPicture(const Picture& picture) {
  KVWIRE_RETURN_IF_ERROR(CheckShape(picture.shape));
  if (static_cast<int64_t>(picture.pixels.size()) != picture.shape.bytes()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a picture of this shape has ", picture.shape.bytes(),
                     " bytes of pixels, not ", picture.pixels.size()));
  }
  return absl::OkStatus();
}

absl::StatusOr<Picture> ReadPicture(const std::string& path) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string bytes, ReadBytes(path));
  absl::StatusOr<Picture> picture = DecodePicture(bytes);
  if (!picture.ok()) return AtPath(path, picture.status());
  return picture;
}

absl::Status WritePicture(const std::string& path, const Picture& picture) {
  const absl::StatusOr<PictureFormat> format = FormatOfPath(path);
  if (!format.ok()) return AtPath(path, format.status());
  const absl::StatusOr<std::string> bytes = EncodePicture(picture, *format);
  if (!bytes.ok()) return AtPath(path, bytes.status());
  return WriteBytes(path, *bytes);
}

absl::StatusOr<Picture> DifferencePicture(const Picture& a, const Picture& b) {
  KVWIRE_RETURN_IF_ERROR(CheckPicture(a));
  KVWIRE_RETURN_IF_ERROR(CheckPicture(b));
  if (a.shape != b.shape) {
    return absl::InvalidArgumentError("only pictures of one shape have a difference");
  }
  Picture difference;
  difference.shape.width = a.shape.width;
  difference.shape.height = a.shape.height;
  difference.shape.bits_per_pixel = 8;
  difference.shape.channels = 1;
  difference.pixels.reserve(difference.shape.bytes());
  for (int64_t y = 0; y < a.shape.height; ++y) {
    for (int64_t x = 0; x < a.shape.width; ++x) {
      const Levels left = LevelsAt(a, x, y);
      const Levels right = LevelsAt(b, x, y);
      int largest = 0;
      for (size_t i = 0; i < left.size(); ++i) {
        largest = std::max(largest, std::abs(left[i] - right[i]));
      }
      // Rounded up, so that no difference is black.
      difference.pixels += static_cast<char>((largest + 256) / 257);
    }
  }
  return difference;
}

}  // namespace kvwire
