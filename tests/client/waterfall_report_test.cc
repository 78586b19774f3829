// A run's waterfall in the verdict, the text and the JSON.

#include <string>

#include "client/report.h"
#include "client/verdict.h"
#include "client/waterfall/waterfall_json.h"
#include "client/waterfall/waterfall_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/good_run.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A place for each of the 900 bytes that Alice sent in a good run, and of Bob's 300.
ConnectionBytes GoodBytes() {
  ConnectionBytes bytes;
  bytes.to_bob.stream = {.preface = 24,
                         .frames = {{0, {2, 465}}, {1, {1, 384}}},
                         .grpc_prefixes = 5,
                         .protobuf = 60,
                         .snapshot_container = 30,
                         .snapshot_body = 370,
                         .messages = 1};
  bytes.to_bob.packets = {.packets = 5,
                          .acks = 1,
                          .ip_header_bytes = 100,
                          .tcp_header_bytes = 160,
                          .retransmitted_bytes = 7};
  bytes.to_alice.stream = {.frames = {{4, {1, 291}}}};
  return bytes;
}

RunResult RunWith(absl::StatusOr<ConnectionBytes> bytes) {
  RunResult result = GoodRun();
  result.waterfall = std::move(bytes);
  return result;
}

TEST(WaterfallReportTest, AWaterfallWithoutResidualIsGood) {
  const RunResult result = RunWith(GoodBytes());
  EXPECT_THAT(Judge(result, {}).reasons, IsEmpty());
  const auto json = RunWaterfallJson(result);
  EXPECT_EQ(json["alice_to_bob"]["total"], 900);
  EXPECT_EQ(json["alice_to_bob"]["kernel"], 900);
  EXPECT_EQ(json["alice_to_bob"]["residual"], 0);
  EXPECT_EQ(json["alice_to_bob"]["bytes"]["frame_headers"], 27);
  EXPECT_EQ(json["alice_to_bob"]["bytes"]["headers"], 384);
  EXPECT_EQ(json["alice_to_bob"]["frames"]["DATA"]["frames"], 2);
  EXPECT_EQ(json["alice_to_bob"]["packets"]["ip_bytes"], 900 + 100 + 160 + 7);
  EXPECT_EQ(json["bob_to_alice"]["total"], 300);
  EXPECT_EQ(json["bob_to_alice"]["bytes"]["settings"], 291);
}

TEST(WaterfallReportTest, AResidualOfEitherDirectionFailsTheRunAndIsPrinted) {
  ConnectionBytes short_to_bob = GoodBytes();
  --short_to_bob.to_bob.stream.protobuf;
  const RunResult first = RunWith(short_to_bob);
  EXPECT_THAT(Judge(first, {}).reasons,
              ElementsAre(AllOf(HasSubstr("residual"), HasSubstr("Alice to Bob"),
                                HasSubstr("899 of 900 bytes, 1 too few"))));
  EXPECT_EQ(RunWaterfallJson(first)["alice_to_bob"]["residual"], 1);

  ConnectionBytes long_to_alice = GoodBytes();
  long_to_alice.to_alice.stream.protobuf = 2;
  const RunResult second = RunWith(long_to_alice);
  EXPECT_THAT(Judge(second, {}).reasons, ElementsAre(HasSubstr("Bob to Alice")));
  EXPECT_EQ(RunWaterfallJson(second)["bob_to_alice"]["residual"], -2);
}

TEST(WaterfallReportTest, AWaterfallThatIsNotThereFailsTheRunThatAskedForIt) {
  const RunResult result = RunWith(absl::DataLossError("the kernel dropped 3 packets"));
  const Verdict verdict = Judge(result, {});
  EXPECT_THAT(verdict.reasons, ElementsAre(AllOf(HasSubstr("there is no waterfall"),
                                                 HasSubstr("dropped 3 packets"))));
  EXPECT_TRUE(RunWaterfallJson(result).is_null());
  EXPECT_EQ(RunWaterfallText(result), "");
  EXPECT_THAT(ResultJson(result, verdict),
              AllOf(HasSubstr("\"waterfall\": null"), HasSubstr("\"ip_bytes\": null")));
}

TEST(WaterfallReportTest, WhoDoesNotAskIsToldNothing) {
  const RunResult result = GoodRun();
  EXPECT_THAT(ResultJson(result, Judge(result, {})), Not(HasSubstr("waterfall")));
  EXPECT_EQ(RunWaterfallText(result), "");
}

TEST(WaterfallReportTest, TheTextHasALineForEveryCategoryThatIsThere) {
  const RunResult result = RunWith(GoodBytes());
  EXPECT_THAT(
      ResultText(result, Judge(result, {})),
      AllOf(HasSubstr("snapshot body                              370              0\n"),
            HasSubstr("SETTINGS                                     0            291\n"),
            HasSubstr("the kernel's count                         900            300\n"),
            HasSubstr("residual                                     0              0\n"),
            HasSubstr("retransmitted payload                        7              0\n"),
            HasSubstr("frames of HEADERS                            1              0\n"),
            Not(HasSubstr("GOAWAY"))));
}

TEST(WaterfallReportTest, ACaptureIsListedByConnection) {
  const std::vector<CapturedConnection> found = {
      {"10.0.0.1:4", "10.0.0.2:5", GoodBytes()},
      {"[::1]:6", "[::1]:5", absl::DataLossError("bytes are missing")}};
  const auto json = CaptureJson(found);
  EXPECT_EQ(json["connections"][0]["client"], "10.0.0.1:4");
  EXPECT_EQ(json["connections"][0]["alice_to_bob"]["total"], 900);
  EXPECT_EQ(json["connections"][1]["error"], "bytes are missing");
  EXPECT_THAT(CaptureText(found),
              AllOf(HasSubstr("10.0.0.1:4 to 10.0.0.2:5\n"), HasSubstr("sum: TCP payload"),
                    HasSubstr("[::1]:6 to [::1]:5: bytes are missing\n")));
}

}  // namespace
}  // namespace kvwire
