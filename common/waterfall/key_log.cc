#include "common/waterfall/key_log.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace kvwire {
namespace {

bool IsHex(absl::string_view text) {
  return !text.empty() && text.size() % 2 == 0 &&
         std::all_of(text.begin(), text.end(), absl::ascii_isxdigit);
}

}  // namespace

absl::StatusOr<KeyLog> KeyLog::Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::InvalidArgumentError(absl::StrCat("the key log ", path, " cannot be read"));
  }
  return Parse(std::string{std::istreambuf_iterator<char>(file), {}});
}

KeyLog KeyLog::Parse(std::string_view text) {
  KeyLog log;
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(text.data(), text.size()), absl::ByAnyChar("\r\n"))) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(absl::StripAsciiWhitespace(line), ' ', absl::SkipEmpty());
    if (words.size() != 3 || !IsHex(words[1]) || !IsHex(words[2])) continue;
    log.secrets_[{std::string(words[0]), absl::HexStringToBytes(words[1])}] =
        absl::HexStringToBytes(words[2]);
  }
  return log;
}

std::string_view KeyLog::Find(std::string_view label, std::string_view client_random) const {
  const auto found = secrets_.find(std::pair(std::string(label), std::string(client_random)));
  return found == secrets_.end() ? std::string_view() : found->second;
}

}  // namespace kvwire
