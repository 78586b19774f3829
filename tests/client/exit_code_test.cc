#include "client/exit_code.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <map>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

using ::google::protobuf::Struct;

// The `error` object, read by another parser than its writer's library.
Struct ErrorOf(const std::string& json) {
  Struct object;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &object);
  EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << json;
  EXPECT_EQ(object.fields().size(), 1u);
  return object.fields().at("error").struct_value();
}

TEST(ExitCodeTest, EveryStatusHasItsExitCode) {
  const std::map<int, int> exit_codes = {
      {0, 0},  {1, 65},  {2, 1},  {3, 2},   {4, 68},  {5, 69},  {6, 70}, {7, 71}, {8, 72},
      {9, 73}, {10, 74}, {11, 2}, {12, 76}, {13, 77}, {14, 78}, {15, 4}, {16, 80}};
  for (const auto& [code, exit_code] : exit_codes) {
    EXPECT_EQ(ExitCodeOf(absl::Status(static_cast<absl::StatusCode>(code), "why")), exit_code)
        << code;
  }
}

TEST(ExitCodeTest, ACodeThatDoesNotExistIsUnexpected) {
  EXPECT_EQ(ExitCodeOf(absl::Status(static_cast<absl::StatusCode>(200), "why")), 1);
  EXPECT_EQ(ExitCodeOf(absl::Status(static_cast<absl::StatusCode>(-1), "why")), 1);
}

TEST(ExitCodeTest, TheErrorObjectHasExitCodeAndMessage) {
  const Struct error = ErrorOf(ErrorJson(78, absl::UnavailableError("Bob \"is\" away\n")));
  EXPECT_EQ(error.fields().size(), 3u);
  EXPECT_EQ(error.fields().at("exit").number_value(), 78);
  EXPECT_EQ(error.fields().at("code").string_value(), "UNAVAILABLE");
  EXPECT_EQ(error.fields().at("message").string_value(), "Bob \"is\" away\n");
}

TEST(ExitCodeTest, APathThatIsNotUtf8StaysReadable) {
  const Struct error = ErrorOf(ErrorJson(2, absl::InvalidArgumentError("no file /caf\xe9/x")));
  EXPECT_EQ(error.fields().at("message").string_value(), "no file /caf\xef\xbf\xbd/x");
}

}  // namespace
}  // namespace kvwire
