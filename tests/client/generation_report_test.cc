// The JSON is read back by the parser of Protocol Buffers, not by the library that
// wrote it.

#include "client/generation_report.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/generations.h"

namespace kvwire {
namespace {

using ::google::protobuf::Struct;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::UnorderedElementsAre;

GenerationRow GoodRow() {
  return {.name = "exact",
          .result = GoodGeneration(),
          .errors = {.mean = 0.25, .median = 0.5, .quantile_99 = 0.75, .largest = 2},
          .identical = false};
}

Struct Parsed(const std::string& json) {
  Struct object;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &object);
  EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << json;
  return object;
}

std::vector<std::string> KeysOf(const Struct& object) {
  std::vector<std::string> keys;
  for (const auto& field : object.fields()) keys.push_back(field.first);
  return keys;
}

const Struct& In(const Struct& object, const std::string& key) {
  return object.fields().at(key).struct_value();
}

double NumberAt(const Struct& object, const std::string& key) {
  return object.fields().at(key).number_value();
}

std::string TextAt(const Struct& object, const std::string& key) {
  return object.fields().at(key).string_value();
}

Struct RunOf(const GenerationRow& row) {
  const Struct json = Parsed(GenerationJson(SmallGeneration(), {row}));
  return json.fields().at("runs").list_value().values(0).struct_value();
}

TEST(GenerationReportTest, TheObjectHasExactlyTheseKeys) {
  const Struct json = Parsed(GenerationJson(SmallGeneration(), {GoodRow()}));
  EXPECT_THAT(KeysOf(json), UnorderedElementsAre("version", "parameters", "runs"));
  EXPECT_THAT(KeysOf(In(json, "parameters")),
              UnorderedElementsAre("scales", "d", "interpolation", "score_scale",
                                   "position_amplitude", "seed", "weights_sha256"));
  const Struct run = RunOf(GoodRow());
  EXPECT_THAT(KeysOf(run),
              UnorderedElementsAre("run_id", "algorithm", "alice_tokens", "bob_tokens",
                                   "state_bits", "snapshot_bytes", "token_map_bytes",
                                   "message_sha256", "message_bytes", "tcp_payload_bytes_sent",
                                   "identical", "relative_error", "seconds", "verdict"));
  EXPECT_THAT(KeysOf(In(run, "relative_error")),
              UnorderedElementsAre("mean", "median", "quantile_99", "largest"));
  EXPECT_THAT(KeysOf(In(run, "seconds")), UnorderedElementsAre("alice", "transfer", "bob"));
  EXPECT_THAT(KeysOf(In(run, "verdict")), UnorderedElementsAre("ok", "reasons"));
}

TEST(GenerationReportTest, EachKeyHoldsWhatItIsCalled) {
  Generation generation = SmallGeneration();
  generation.weights_sha256 = std::string(32, '\xab');
  const Struct parameters = In(Parsed(GenerationJson(generation, {})), "parameters");
  EXPECT_EQ(parameters.fields().at("scales").list_value().values_size(), 3);
  EXPECT_EQ(NumberAt(parameters, "d"), 8);
  EXPECT_EQ(TextAt(parameters, "interpolation"), "bilinear");
  EXPECT_EQ(NumberAt(parameters, "score_scale"), 0.25);
  EXPECT_EQ(NumberAt(parameters, "position_amplitude"), 0.5);
  EXPECT_EQ(NumberAt(parameters, "seed"), 5);
  EXPECT_THAT(TextAt(parameters, "weights_sha256"), MatchesRegex("(ab){32}"));
  const Struct run = RunOf(GoodRow());
  EXPECT_EQ(TextAt(run, "run_id"), "0123456789abcdef");
  EXPECT_EQ(TextAt(run, "algorithm"), "exact");
  EXPECT_EQ(NumberAt(run, "alice_tokens"), 5);
  EXPECT_EQ(NumberAt(run, "bob_tokens"), 9);
  EXPECT_EQ(NumberAt(run, "state_bits"), 2000);
  EXPECT_EQ(NumberAt(run, "snapshot_bytes"), 272);
  EXPECT_EQ(NumberAt(run, "token_map_bytes"), 128);
  EXPECT_THAT(TextAt(run, "message_sha256"), MatchesRegex("(5a){32}"));
  EXPECT_EQ(NumberAt(run, "message_bytes"), 460);
  EXPECT_EQ(NumberAt(run, "tcp_payload_bytes_sent"), 900);
  EXPECT_FALSE(run.fields().at("identical").bool_value());
  EXPECT_EQ(NumberAt(In(run, "relative_error"), "mean"), 0.25);
  EXPECT_EQ(NumberAt(In(run, "relative_error"), "median"), 0.5);
  EXPECT_EQ(NumberAt(In(run, "relative_error"), "quantile_99"), 0.75);
  EXPECT_EQ(NumberAt(In(run, "relative_error"), "largest"), 2);
  EXPECT_EQ(NumberAt(In(run, "seconds"), "alice"), 1.5);
  EXPECT_EQ(NumberAt(In(run, "seconds"), "transfer"), 2.5);
  EXPECT_EQ(NumberAt(In(run, "seconds"), "bob"), 3.5);
  EXPECT_TRUE(In(run, "verdict").fields().at("ok").bool_value());
}

TEST(GenerationReportTest, AFaultIsInTheVerdictAndUnderItsLine) {
  GenerationRow row = GoodRow();
  row.reasons = {"first fault", "second fault"};
  const Struct verdict = In(RunOf(row), "verdict");
  EXPECT_FALSE(verdict.fields().at("ok").bool_value());
  EXPECT_EQ(verdict.fields().at("reasons").list_value().values_size(), 2);
  EXPECT_THAT(GenerationText(row), HasSubstr("FAILED\n    first fault\n    second fault\n"));
}

TEST(GenerationReportTest, ALineSaysWhatTheCacheTookAndHowFarOffItIs) {
  const std::string line = GenerationText(GoodRow());
  for (const char* word : {"exact", " 5+9 ", "2000", "128", "272", "900", "0.5", "differs"}) {
    EXPECT_THAT(line, HasSubstr(word));
  }
  EXPECT_THAT(line, EndsWith("ok\n"));
  GenerationRow same = GoodRow();
  same.identical = true;
  EXPECT_THAT(GenerationText(same), HasSubstr("identical ok\n"));
}

TEST(GenerationReportTest, ATokenLogIsCalledOneAndLeavesAllTokensToBob) {
  GenerationRow row = GoodRow();
  row.name = "tokenlog";
  row.result.generation.bob_scales = 3;
  const Struct run = RunOf(row);
  EXPECT_EQ(TextAt(run, "algorithm"), "tokenlog");
  EXPECT_EQ(NumberAt(run, "alice_tokens"), 0);
  EXPECT_EQ(NumberAt(run, "bob_tokens"), 14);
  EXPECT_THAT(GenerationText(row), AllOf(HasSubstr("  tokenlog "), HasSubstr(" 0+14 ")));
}

TEST(GenerationReportTest, TheHeadNamesScalesAndD) {
  EXPECT_THAT(GenerationHead(SmallGeneration()),
              AllOf(HasSubstr("scales 1,2,3, d = 8"), HasSubstr("state bits")));
}

TEST(GenerationReportTest, TextThatIsNotUtf8IsReplaced) {
  GenerationRow row = GoodRow();
  row.reasons = {"\xff"};
  EXPECT_EQ(In(RunOf(row), "verdict").fields().at("reasons").list_value().values_size(), 1);
}

}  // namespace
}  // namespace kvwire
