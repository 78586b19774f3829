#include "client/result_file.h"

#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"

namespace kvwire {

absl::Status WriteResult(const std::string& path, const std::string& text) {
  if (path.empty()) return absl::OkStatus();
  if (path == "-") {
    std::cout << text << std::flush;
    return std::cout.good() ? absl::OkStatus()
                            : absl::UnknownError("the result cannot be written to stdout");
  }
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  return file.good() ? absl::OkStatus()
                     : absl::UnknownError(absl::StrCat(path, " cannot be written"));
}

}  // namespace kvwire
