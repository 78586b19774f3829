#include "client/conformance/expectations.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace kvwire::conformance {
namespace {

constexpr size_t kReadableLength = 160;

}  // namespace

absl::Status Fault(std::string_view what, std::string_view expected, std::string_view got) {
  return absl::InternalError(absl::StrCat(std::string(what), ": expected ",
                                          std::string(expected), ", got ", std::string(got)));
}

std::string StatusText(const absl::Status& status) {
  if (status.ok()) return "OK";
  std::string message(status.message());
  if (message.size() > kReadableLength) message = message.substr(0, kReadableLength) + "...";
  return absl::StrCat(absl::StatusCodeToString(status.code()), ": ", message);
}

absl::Status ExpectOk(std::string_view what, const absl::Status& got) {
  return got.ok() ? got : Fault(what, "OK", StatusText(got));
}

absl::Status ExpectError(std::string_view what, const absl::Status& got,
                         std::initializer_list<absl::StatusCode> codes,
                         std::initializer_list<std::string_view> words) {
  if (std::find(codes.begin(), codes.end(), got.code()) == codes.end()) {
    const std::string expected =
        absl::StrJoin(codes, " or ", [](std::string* out, absl::StatusCode code) {
          out->append(absl::StatusCodeToString(code));
        });
    return Fault(what, expected, StatusText(got));
  }
  const std::string message(got.message());
  for (const std::string_view word : words) {
    if (absl::StrContains(message, std::string(word))) continue;
    return Fault(what, absl::StrCat("a message that names ", std::string(word)),
                 StatusText(got));
  }
  return absl::OkStatus();
}

absl::Status ExpectEqual(std::string_view what, int64_t expected, int64_t got) {
  if (expected == got) return absl::OkStatus();
  return Fault(what, absl::StrCat(expected), absl::StrCat(got));
}

absl::Status ExpectSameBytes(std::string_view what, std::string_view expected,
                             std::string_view got) {
  if (expected == got) return absl::OkStatus();
  const size_t common = std::min(expected.size(), got.size());
  const auto differs =
      std::mismatch(expected.begin(), expected.begin() + common, got.begin()).first;
  return Fault(what, absl::StrCat("the same ", expected.size(), " bytes"),
               absl::StrCat(got.size(), " bytes that differ from byte ",
                            differs - expected.begin(), " on"));
}

}  // namespace kvwire::conformance
