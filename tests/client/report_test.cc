// The JSON is read back by the parser of Protocol Buffers, not by the library that
// wrote it.

#include "client/report.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/good_run.h"

namespace kvwire {
namespace {

using ::google::protobuf::Struct;
using ::google::protobuf::Value;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

Struct Parsed(const std::string& json) {
  Struct object;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &object);
  EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << json;
  return object;
}

Struct JsonOf(const RunResult& result) {
  return Parsed(ResultJson(result, Judge(result, {})));
}

std::vector<std::string> KeysOf(const Struct& object) {
  std::vector<std::string> keys;
  for (const auto& field : object.fields()) keys.push_back(field.first);
  return keys;
}

const Value& At(const Struct& object, const std::string& key) {
  return object.fields().at(key);
}

const Struct& In(const Struct& object, const std::string& key) {
  return At(object, key).struct_value();
}

// The number at `key`; any other kind, a text that looks like a number too, fails.
double NumberAt(const Struct& object, const std::string& key) {
  EXPECT_EQ(At(object, key).kind_case(), Value::kNumberValue) << key;
  return At(object, key).number_value();
}

TEST(ReportTest, TheObjectHasExactlyTheDocumentedKeys) {
  const Struct json = JsonOf(GoodRun());
  EXPECT_THAT(
      KeysOf(json),
      UnorderedElementsAre(
          "run_id", "version", "parameters", "payload_bits", "asked_bits", "asked_errors",
          "queries", "changed_bits", "bit_errors", "bit_error_rate", "floor_bits",
          "soft_floor_bits", "leak_bits", "state_leak_bits", "soft_leak_bits", "leak_test",
          "state_bits", "snapshot_bytes", "snapshot_sha256", "efficiency", "alice", "bob",
          "connections", "resent_bytes", "seconds", "peak_memory_bytes", "verdict"));
  EXPECT_THAT(KeysOf(In(json, "parameters")),
              UnorderedElementsAre("problem", "n", "scales", "tokens", "queries", "replays",
                                   "d", "frame", "seed", "sharpness", "encoding", "eta",
                                   "eta_mode", "algorithm", "mask"));
  const std::vector<std::string> end = {"snapshot_bytes",         "messages",
                                        "message_bytes",          "grpc_bytes",
                                        "tcp_payload_bytes_sent", "tcp_payload_bytes_received",
                                        "retransmitted_bytes",    "ip_bytes"};
  EXPECT_THAT(KeysOf(In(json, "alice")), UnorderedElementsAreArray(end));
  EXPECT_THAT(KeysOf(In(json, "bob")), UnorderedElementsAreArray(end));
  EXPECT_THAT(
      KeysOf(In(json, "seconds")),
      UnorderedElementsAre("ingest", "snapshot", "transfer", "restore", "attend", "total"));
  EXPECT_THAT(KeysOf(In(json, "verdict")), UnorderedElementsAre("ok", "reasons"));
}

TEST(ReportTest, TheParametersAreThoseOfTheRun) {
  RunResult result = GoodRun();
  result.parameters.shape = ProblemShape::Var(*Scales::Parse("1,2,3,2"));
  result.parameters.seed = (uint64_t{1} << 53) - 1;
  result.parameters.frame = KeyFrameKind::kCode;
  const Struct parameters = In(JsonOf(result), "parameters");
  EXPECT_EQ(At(parameters, "problem").string_value(), "var");
  EXPECT_EQ(NumberAt(parameters, "n"), 2);
  std::vector<double> sides;
  for (const Value& side : At(parameters, "scales").list_value().values()) {
    sides.push_back(side.number_value());
  }
  EXPECT_THAT(sides, ElementsAre(1, 2, 3, 2));
  EXPECT_EQ(NumberAt(parameters, "tokens"), 14);
  EXPECT_EQ(NumberAt(parameters, "queries"), 4);
  EXPECT_EQ(NumberAt(parameters, "replays"), 4);
  EXPECT_EQ(NumberAt(parameters, "d"), 64);
  EXPECT_EQ(At(parameters, "frame").string_value(), "code");
  EXPECT_EQ(NumberAt(parameters, "seed"), 9007199254740991);
  EXPECT_EQ(NumberAt(parameters, "sharpness"), 5.5);
  EXPECT_EQ(At(parameters, "algorithm").string_value(), "exact");
  EXPECT_EQ(At(parameters, "mask").string_value(), "private");
  EXPECT_EQ(At(parameters, "encoding").string_value(), "bits");
  EXPECT_EQ(NumberAt(parameters, "eta"), 0);
  EXPECT_EQ(At(parameters, "eta_mode").string_value(), "worst");
  result.masked = false;
  EXPECT_EQ(At(In(JsonOf(result), "parameters"), "mask").string_value(), "none");
}

TEST(ReportTest, AProblemWithoutScalesHasASizeAndNoScales) {
  RunResult result = GoodRun();
  result.parameters.shape = *ProblemShape::OfSize(Problem::kTensor2, 5);
  result.parameters.decoding = {
      .encoding = ValueEncoding::kSigns, .eta = 0.25, .eta_mode = EtaMode::kRandom};
  const Struct parameters = In(JsonOf(result), "parameters");
  EXPECT_EQ(At(parameters, "problem").string_value(), "tensor2");
  EXPECT_EQ(NumberAt(parameters, "n"), 5);
  EXPECT_EQ(At(parameters, "scales").kind_case(), Value::kListValue);
  EXPECT_EQ(At(parameters, "scales").list_value().values_size(), 0);
  EXPECT_EQ(NumberAt(parameters, "tokens"), 25);
  EXPECT_EQ(NumberAt(parameters, "queries"), 1);
  EXPECT_EQ(NumberAt(parameters, "replays"), 1);
  EXPECT_EQ(At(parameters, "encoding").string_value(), "signs");
  EXPECT_EQ(NumberAt(parameters, "eta"), 0.25);
  EXPECT_EQ(At(parameters, "eta_mode").string_value(), "random");
  EXPECT_THAT(ResultText(result, Verdict{}),
              HasSubstr(": tensor2, exact, L = 25 tokens, d = 64, unit keys, C = 5.5\n"));
}

TEST(ReportTest, CountsAreNumbers) {
  RunResult result = GoodRun();
  result.bit_errors = 336;
  result.asked_errors = 336;
  const Struct json = JsonOf(result);
  EXPECT_EQ(At(json, "run_id").string_value(), "0123456789abcdef");
  EXPECT_EQ(NumberAt(json, "payload_bits"), 1344);
  EXPECT_EQ(NumberAt(json, "asked_bits"), 1344);
  EXPECT_EQ(NumberAt(json, "asked_errors"), 336);
  EXPECT_EQ(NumberAt(json, "bit_errors"), 336);
  EXPECT_EQ(NumberAt(json, "bit_error_rate"), 0.25);
  // 1344 x 0.188722, rounded up.
  EXPECT_EQ(NumberAt(json, "floor_bits"), 254);
  EXPECT_EQ(NumberAt(json, "efficiency"), 254 / 7200.0);
  EXPECT_EQ(NumberAt(json, "state_bits"), 3000);
  EXPECT_EQ(NumberAt(json, "snapshot_bytes"), 400);
  EXPECT_EQ(At(json, "snapshot_sha256").string_value(),
            "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a");
}

TEST(ReportTest, BothEndsAreReportedLayerByLayer) {
  RunResult result = GoodRun();
  result.bob.mutable_connections(0)->set_retransmitted_bytes(17);
  const Struct json = JsonOf(result);
  const Struct alice = In(json, "alice");
  EXPECT_EQ(NumberAt(alice, "snapshot_bytes"), 400);
  EXPECT_EQ(NumberAt(alice, "messages"), 1);
  EXPECT_EQ(NumberAt(alice, "message_bytes"), 460);
  EXPECT_EQ(NumberAt(alice, "grpc_bytes"), 465);
  EXPECT_EQ(NumberAt(alice, "tcp_payload_bytes_sent"), 900);
  EXPECT_EQ(NumberAt(alice, "tcp_payload_bytes_received"), 280);
  EXPECT_EQ(NumberAt(alice, "retransmitted_bytes"), 0);
  EXPECT_EQ(At(alice, "ip_bytes").kind_case(), Value::kNullValue);
  const Struct bob = In(json, "bob");
  EXPECT_EQ(NumberAt(bob, "tcp_payload_bytes_sent"), 300);
  EXPECT_EQ(NumberAt(bob, "tcp_payload_bytes_received"), 900);
  EXPECT_EQ(NumberAt(bob, "retransmitted_bytes"), 17);
  EXPECT_EQ(At(bob, "ip_bytes").kind_case(), Value::kNullValue);
}

TEST(ReportTest, ConnectionsAreListed) {
  RunResult result = GoodRun();
  result.alice.add_connections()->set_received_bytes(5);
  result.bob.add_connections()->set_sent_bytes(8);
  const Struct json = JsonOf(result);
  ASSERT_EQ(At(json, "connections").list_value().values_size(), 2);
  const Struct first = At(json, "connections").list_value().values(0).struct_value();
  EXPECT_EQ(NumberAt(In(first, "alice"), "sent"), 900);
  EXPECT_EQ(NumberAt(In(first, "bob"), "received"), 900);
  EXPECT_EQ(NumberAt(first, "reverse_unread_bytes"), 20);
  EXPECT_TRUE(At(first, "final").bool_value());
  const Struct second = At(json, "connections").list_value().values(1).struct_value();
  EXPECT_EQ(NumberAt(second, "reverse_unread_bytes"), 3);
  EXPECT_FALSE(At(second, "final").bool_value());
}

TEST(ReportTest, WhatWasAskedIsListedUnlessItWasEverything) {
  RunResult result = GoodRun();
  result.asked_all = false;
  result.asked = {{0, true, true}, {12 * 64 + 5, false, false}};
  result.asked_bits = 2;
  result.asked_errors = 1;
  const Struct json = JsonOf(result);
  ASSERT_EQ(At(json, "asked").list_value().values_size(), 2);
  const Struct second = At(json, "asked").list_value().values(1).struct_value();
  EXPECT_EQ(At(second, "position").string_value(), "12.5");
  EXPECT_EQ(NumberAt(second, "bit"), 0);
  EXPECT_FALSE(At(second, "correct").bool_value());
  EXPECT_EQ(NumberAt(json, "asked_errors"), 1);
  const std::string text = ResultText(result, Judge(result, {}));
  EXPECT_THAT(text, HasSubstr("bit 0.0 = 1\n"));
  EXPECT_THAT(text, HasSubstr("bit 12.5 = 0  (wrong)\n"));
}

TEST(ReportTest, ALongAskedListIsCutInTheTextOnly) {
  RunResult result = GoodRun();
  result.asked_all = false;
  for (int64_t position = 0; position < 20; ++position) {
    result.asked.push_back({position, false, true});
  }
  EXPECT_EQ(At(JsonOf(result), "asked").list_value().values_size(), 20);
  const std::string text = ResultText(result, Judge(result, {}));
  EXPECT_THAT(text, HasSubstr("bit 0.15 = 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("bit 0.16")));
}

TEST(ReportTest, TheLeakTestIsPassedFailedOrNotApplicable) {
  RunResult result = GoodRun();
  Struct json = JsonOf(result);
  EXPECT_EQ(At(json, "leak_test").string_value(), "passed");
  EXPECT_EQ(NumberAt(json, "leak_bits"), 1344 - 3680 - 2);
  EXPECT_EQ(NumberAt(json, "state_leak_bits"), 1344 - 3000 - 2);
  EXPECT_EQ(NumberAt(json, "soft_leak_bits"), 0 - 3000 - 1);
  result.state_bits = 30;
  EXPECT_EQ(At(JsonOf(result), "leak_test").string_value(), "failed");
  result.masked = false;
  json = JsonOf(result);
  EXPECT_EQ(At(json, "leak_test").string_value(), "not applicable");
  EXPECT_EQ(At(json, "leak_bits").kind_case(), Value::kNullValue);
  EXPECT_EQ(At(json, "state_leak_bits").kind_case(), Value::kNullValue);
  EXPECT_EQ(At(json, "soft_leak_bits").kind_case(), Value::kNullValue);
}

TEST(ReportTest, AFailedVerdictListsItsReasons) {
  RunResult result = GoodRun();
  result.bob_sha256.clear();
  result.alice_process_id = result.bob_process_id;
  const Struct verdict = In(JsonOf(result), "verdict");
  EXPECT_FALSE(At(verdict, "ok").bool_value());
  ASSERT_EQ(At(verdict, "reasons").list_value().values_size(), 2);
  EXPECT_THAT(At(verdict, "reasons").list_value().values(1).string_value(),
              HasSubstr("one algorithm process"));
  EXPECT_TRUE(At(In(JsonOf(GoodRun()), "verdict"), "ok").bool_value());
}

TEST(ReportTest, NothingIsDividedByNothing) {
  RunResult result = GoodRun();
  result.alice.clear_connections();
  EXPECT_EQ(NumberAt(JsonOf(result), "efficiency"), 0);
}

TEST(ReportTest, TextThatIsNotUtf8StaysReadable) {
  RunResult result = GoodRun();
  result.parameters.algorithm = "caf\xe9";
  EXPECT_EQ(At(In(JsonOf(result), "parameters"), "algorithm").string_value(),
            "caf\xef\xbf\xbd");
}

TEST(ReportTest, TheTextEndsInTheVerdict) {
  RunResult result = GoodRun();
  EXPECT_THAT(ResultText(result, Judge(result, {})),
              EndsWith("\n  leak test: passed\n  verdict: ok\n"));
  result.bob_sha256.clear();
  const Verdict verdict = Judge(result, {});
  EXPECT_THAT(ResultText(result, verdict),
              EndsWith(absl::StrCat("\n  verdict: FAILED\n    ", verdict.reasons[0], "\n")));
}

TEST(ReportTest, TheTextSaysEachLayersBytes) {
  const std::string text = ResultText(GoodRun(), Verdict{});
  for (const char* number :
       {" 1344  bits (L d)", " 3000  bits\n", " 400  bytes\n", " 460  bytes in 1\n",
        " 465  bytes\n", " 900  bytes, the kernel's", " 300  bytes\n",
        " 1344  bits: 18.7 % of the wire's", " 0  of 1344 bits\n"}) {
    EXPECT_THAT(text, HasSubstr(number));
  }
}

TEST(ReportTest, PositionsAreNamedByRowAndCoordinate) {
  for (int64_t dims : {1, 2, 3, 64}) {
    for (int64_t position = 0; position < 200; ++position) {
      const std::string name = PositionName(position, dims);
      const size_t dot = name.find('.');
      const int64_t row = std::stoll(name.substr(0, dot));
      const int64_t coordinate = std::stoll(name.substr(dot + 1));
      EXPECT_LT(coordinate, dims);
      EXPECT_EQ(row * dims + coordinate, position);
    }
  }
}

}  // namespace
}  // namespace kvwire
