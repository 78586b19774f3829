#include "client/pnm.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr int64_t kLargestNumber = int64_t{1} << 31;

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes text off the front of a file.
class Front {
 public:
  explicit Front(std::string_view bytes) : rest_(bytes) {}

  std::string_view rest() const { return rest_; }

  void SkipBlanks() {
    while (!rest_.empty() && IsBlank(rest_.front())) rest_.remove_prefix(1);
  }
  void SkipBlanksAndComments() {
    for (SkipBlanks(); !rest_.empty() && rest_.front() == '#'; SkipBlanks()) {
      const size_t end = rest_.find_first_of("\r\n");
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end);
    }
  }

  // A number of decimal digits below kLargestNumber.
  std::optional<int64_t> TakeNumber() {
    if (rest_.empty() || !IsDigit(rest_.front())) return std::nullopt;
    int64_t number = 0;
    for (; !rest_.empty() && IsDigit(rest_.front()); rest_.remove_prefix(1)) {
      number = 10 * number + (rest_.front() - '0');
      if (number >= kLargestNumber) return std::nullopt;
    }
    return number;
  }

  std::optional<char> Take() {
    if (rest_.empty()) return std::nullopt;
    const char first = rest_.front();
    rest_.remove_prefix(1);
    return first;
  }

 private:
  std::string_view rest_;
};

absl::Status DamagedPixels() {
  return absl::InvalidArgumentError("damaged or truncated pixels");
}

// Takes what stands between magic and pixels.
absl::StatusOr<PictureShape> TakeHeader(bool is_gray, Front& front) {
  int64_t numbers[3] = {0, 0, 1};  // width, height, the largest value
  for (int i = 0; i < (is_gray ? 3 : 2); ++i) {
    front.SkipBlanksAndComments();
    const std::optional<int64_t> number = front.TakeNumber();
    if (!number.has_value()) {
      return absl::InvalidArgumentError("damaged or truncated PBM or PGM header");
    }
    numbers[i] = *number;
  }
  const auto [width, height, largest] = numbers;
  if (is_gray && largest == 65535) {
    return absl::InvalidArgumentError("PGM of 16 bits is not supported: take PNG");
  }
  if (is_gray && largest != 3 && largest != 15 && largest != 255) {
    return absl::InvalidArgumentError("a PGM with a largest value other than 3, 15, 255");
  }
  PictureShape shape;
  shape.width = width;
  shape.height = height;
  shape.channels = 1;
  shape.bits_per_pixel = largest == 1 ? 1 : largest == 3 ? 2 : largest == 15 ? 4 : 8;
  KVWIRE_RETURN_IF_ERROR(CheckShape(shape));
  return shape;
}

// The next number of a plain file; those of a PBM are single digits.
std::optional<int64_t> TakePlainPixel(const PictureShape& shape, Front& front) {
  front.SkipBlanks();
  if (shape.bits_per_pixel > 1) return front.TakeNumber();
  const std::optional<char> digit = front.Take();
  if (!digit.has_value() || !IsDigit(*digit)) return std::nullopt;
  return *digit - '0';
}

// Pixels that are numbers one by one, which ours are packed from.
absl::StatusOr<std::string> TakeNumbers(const PictureShape& shape, bool is_plain,
                                        Front& front) {
  const int bits = shape.bits_per_pixel;
  // A number takes a byte at least.
  if (static_cast<int64_t>(front.rest().size()) < shape.width * shape.height) {
    return DamagedPixels();
  }
  std::string pixels(shape.bytes(), '\0');
  for (int64_t y = 0; y < shape.height; ++y) {
    for (int64_t x = 0; x < shape.width; ++x) {
      const std::optional<int64_t> pixel =
          is_plain ? TakePlainPixel(shape, front) : static_cast<uint8_t>(front.Take().value());
      if (!pixel.has_value() || *pixel >> bits != 0) return DamagedPixels();
      // For one bit, the file says 1 for black.
      const int64_t level = bits == 1 ? 1 - *pixel : *pixel;
      char& byte = pixels[y * shape.row_bytes() + x * bits / 8];
      byte = static_cast<char>(byte | level << (8 - bits - x * bits % 8));
    }
  }
  return pixels;
}

// Rows that are packed as ours are, but with 1 for black.
absl::StatusOr<std::string> TakePackedRows(const PictureShape& shape, Front& front) {
  if (static_cast<int64_t>(front.rest().size()) < shape.bytes()) return DamagedPixels();
  std::string pixels(front.rest().substr(0, shape.bytes()));
  for (char& byte : pixels) byte = static_cast<char>(~byte);
  const int64_t unused = 8 * shape.row_bytes() - shape.width;
  for (int64_t y = 1; y <= shape.height; ++y) {
    char& last = pixels[y * shape.row_bytes() - 1];
    last = static_cast<char>(last & 0xff << unused);
  }
  return pixels;
}

}  // namespace

bool IsPnm(std::string_view bytes) {
  const std::string_view magic = bytes.substr(0, 2);
  return magic == "P1" || magic == "P2" || magic == "P4" || magic == "P5";
}

absl::StatusOr<Picture> DecodePnm(std::string_view bytes) {
  if (!IsPnm(bytes)) return absl::InvalidArgumentError("not a PBM or PGM file");
  const char magic = bytes[1];
  const bool is_gray = magic == '2' || magic == '5';
  const bool is_plain = magic == '1' || magic == '2';
  Front front(bytes.substr(2));
  Picture picture;
  KVWIRE_ASSIGN_OR_RETURN(picture.shape, TakeHeader(is_gray, front));
  // One blank, whatever follows.
  const std::optional<char> blank = front.Take();
  if (!blank.has_value() || !IsBlank(*blank)) return DamagedPixels();
  KVWIRE_ASSIGN_OR_RETURN(picture.pixels, is_gray || is_plain
                                              ? TakeNumbers(picture.shape, is_plain, front)
                                              : TakePackedRows(picture.shape, front));
  return picture;
}

}  // namespace kvwire
