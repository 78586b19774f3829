#include "client/sweep/text_file.h"

#include <cstdint>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"

namespace kvwire {

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  constexpr size_t kMostBytes = size_t{1} << 30;
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  std::string text;
  char piece[1 << 14];
  while (in.read(piece, sizeof(piece)) || in.gcount() > 0) {
    text.append(piece, static_cast<size_t>(in.gcount()));
    if (text.size() > kMostBytes) {
      return absl::InvalidArgumentError(absl::StrCat(path, " is over a gigabyte"));
    }
  }
  // A folder opens, and then cannot be read.
  if (in.bad() || (path != "-" && !file.is_open())) {
    return absl::InvalidArgumentError(absl::StrCat(path, " cannot be read"));
  }
  return text;
}

}  // namespace kvwire
