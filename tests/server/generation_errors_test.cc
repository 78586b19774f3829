// Messages that Bob cannot go on from, and requests that Alice cannot serve.

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/bob_calls.h"
#include "tests/server/generation_parties.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

constexpr uint64_t kRun = 0xfeedface;

// What Bob says to a whole message of these bytes.
absl::StatusOr<LastMap> AfterMessage(const std::string& bytes,
                                     const Generation& generation = SmallGeneration()) {
  const GenerationParties parties;
  v1::SendRequest chunk = WholeChunk(kRun, bytes);
  chunk.set_parameters_digest(GenerationDigest(generation));
  const absl::Status sent = SendChunks(*parties.bob.channel, {chunk}).status;
  if (!sent.ok()) return sent;
  return GenerateLast(*parties.bob_stub, AskLast(kRun, generation));
}

TEST(GenerationMessageTest, ASoundMessageIsGoneOnFrom) {
  const LocalSplit here = SplitHere(SmallGeneration());
  const auto map = AfterMessage(here.map + here.snapshot);
  ASSERT_THAT(map, IsOk());
  EXPECT_EQ(map->tokens, here.last_map);
}

TEST(GenerationMessageTest, AMessageShorterThanItsMapIsADataLoss) {
  const LocalSplit here = SplitHere(SmallGeneration());
  for (const size_t size : {size_t{0}, size_t{1}, here.map.size() - 1}) {
    EXPECT_THAT(AfterMessage(here.map.substr(0, size)),
                StatusIs(Code::kDataLoss, HasSubstr("the message has " + std::to_string(size) +
                                                    " bytes, its token map alone 128")));
  }
}

TEST(GenerationMessageTest, ASnapshotThatIsNotWholeIsADataLoss) {
  const LocalSplit here = SplitHere(SmallGeneration());
  const std::string whole = here.map + here.snapshot;
  for (const std::string& bytes :
       {here.map, whole.substr(0, whole.size() - 1), whole + '\0', here.snapshot + here.map}) {
    EXPECT_THAT(AfterMessage(bytes), StatusIs(Code::kDataLoss, HasSubstr("algorithm at")));
  }
  for (size_t at = here.map.size(); at < whole.size(); at += 11) {
    std::string altered = whole;
    altered[at] ^= 0x10;
    EXPECT_FALSE(AfterMessage(altered).ok()) << "byte " << at;
  }
}

TEST(GenerationMessageTest, AMapWithANumberThatIsNoneIsADataLoss) {
  const LocalSplit here = SplitHere(SmallGeneration());
  for (const float number : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
    std::string map = here.map;
    std::memcpy(map.data() + 60, &number, sizeof(number));
    EXPECT_THAT(AfterMessage(map + here.snapshot),
                StatusIs(Code::kDataLoss, HasSubstr("token map holds a NaN or an infinity")));
  }
}

TEST(GenerationMessageTest, ASnapshotOfAnotherAlgorithmOrDIsAFailedPrecondition) {
  const LocalSplit here = SplitHere(SmallGeneration());
  Generation wide = SmallGeneration();
  wide.dims = 9;
  for (const Generation& other : {SmallGeneration("float16"), wide}) {
    EXPECT_THAT(AfterMessage(here.map + SplitHere(other).snapshot),
                StatusIs(Code::kFailedPrecondition, HasSubstr("algorithm at")));
  }
}

TEST(GenerationMessageTest, AnotherGenerationThanAlicesIsAFailedPrecondition) {
  const GenerationParties parties;
  ASSERT_THAT(parties.Generate(kRun, SmallGeneration()), IsOk());
  const std::vector<std::function<void(Generation&)>> changes = {
      [](Generation& other) {
        other.options.sides = {1, 2, 4};
      },
      [](Generation& other) { other.options.interpolation = UpInterpolationKind::kArea; },
      [](Generation& other) { other.options.scale = 0.5; },
      [](Generation& other) { other.options.position_amplitude = 1; },
      [](Generation& other) { other.options.seed = 6; },
      [](Generation& other) { other.dims = 4; },
      [](Generation& other) { other.weights_sha256 = std::string(32, 'x'); },
      [](Generation& other) { other.algorithm = "float16"; },
      [](Generation& other) { other.bob_scales = 2; },
  };
  for (const auto& change : changes) {
    Generation other = SmallGeneration();
    change(other);
    EXPECT_THAT(
        GenerateLast(*parties.bob_stub, AskLast(kRun, other)),
        StatusIs(Code::kFailedPrecondition, HasSubstr("Alice spoke of another generation")));
  }
}

TEST(GenerationMessageTest, AMessageOfSpeakIsNoneOfGenerateNorTheOtherWayRound) {
  const GenerationParties parties;
  ASSERT_THAT(SendChunks(*parties.bob.channel, {WholeChunk(1, "data")}).status, IsOk());
  EXPECT_THAT(GenerateLast(*parties.bob_stub, AskLast(1, SmallGeneration())),
              StatusIs(Code::kFailedPrecondition, HasSubstr("another generation")));
  ASSERT_THAT(parties.Generate(2, SmallGeneration()), IsOk());
  EXPECT_THAT(Decode(*parties.bob_stub, AskAll(2, SmallParameters())),
              StatusIs(Code::kFailedPrecondition, HasSubstr("other public parameters")));
}

TEST(GenerationMessageTest, BobAnswersOnlyFromAWholeMessageOfThatRunAndVersion) {
  const GenerationParties parties;
  EXPECT_THAT(GenerateLast(*parties.bob_stub, AskLast(kRun, SmallGeneration())),
              StatusIs(Code::kNotFound, HasSubstr("no message of run")));
  v1::SendRequest chunk = WholeChunk(kRun, "data");
  chunk.clear_finish_write();
  EXPECT_THAT(SendChunks(*parties.bob.channel, {chunk}).status, StatusIs(Code::kDataLoss, _));
  EXPECT_THAT(GenerateLast(*parties.bob_stub, AskLast(kRun, SmallGeneration())),
              StatusIs(Code::kFailedPrecondition, HasSubstr("not complete")));
  v1::GenerateLastRequest request = AskLast(kRun, SmallGeneration());
  request.set_protocol_version(2);
  EXPECT_THAT(GenerateLast(*parties.bob_stub, request),
              StatusIs(Code::kFailedPrecondition, HasSubstr("protocol version 2")));
}

TEST(GenerationMessageTest, BobRefusesParametersOutOfRange) {
  const GenerationParties parties;
  ASSERT_THAT(parties.Generate(kRun, SmallGeneration()), IsOk());
  v1::GenerateLastRequest request = AskLast(kRun, SmallGeneration());
  request.mutable_parameters()->add_scale_sides(int64_t{1} << 40);
  EXPECT_THAT(GenerateLast(*parties.bob_stub, request),
              StatusIs(Code::kInvalidArgument, HasSubstr("must be from 1 to 4096")));
}

TEST(GenerationMessageTest, TheMemoryLimitHoldsAtBothEnds) {
  const GenerationParties parties;
  v1::GenerateRequest request = parties.Request(kRun, SmallGeneration());
  // 5 tokens of 64 bytes are Alice's cache, 14 Bob's.
  request.set_memory_limit_bytes(319);
  EXPECT_THAT(parties.Generate(request),
              StatusIs(Code::kResourceExhausted,
                       AllOf(HasSubstr("algorithm at"), HasSubstr("allowed are 319"))));
  request.set_memory_limit_bytes(320);
  ASSERT_THAT(parties.Generate(request), IsOk());
  v1::GenerateLastRequest last = AskLast(kRun, SmallGeneration());
  last.set_memory_limit_bytes(895);
  EXPECT_THAT(GenerateLast(*parties.bob_stub, last),
              StatusIs(Code::kResourceExhausted, HasSubstr("allowed are 895")));
  last.set_memory_limit_bytes(896);
  EXPECT_THAT(GenerateLast(*parties.bob_stub, last), IsOk());
}

TEST(GenerateTest, AnAlgorithmThatNeedsAFrameIsAFailedPrecondition) {
  const GenerationParties parties;
  EXPECT_THAT(parties.Generate(kRun, SmallGeneration("bitplane")),
              StatusIs(Code::kFailedPrecondition,
                       AllOf(HasSubstr("algorithm at"), HasSubstr("bitplane"),
                             HasSubstr("public frame; there is none"))));
}

TEST(GenerateTest, AnAlgorithmThatThereIsNotIsInvalid) {
  const GenerationParties parties;
  EXPECT_THAT(parties.Generate(kRun, SmallGeneration("nope")),
              StatusIs(Code::kInvalidArgument, HasSubstr("no algorithm 'nope'")));
}

TEST(GenerateTest, RequestsThatSayTooLittleOrTooMuchAreRefused) {
  const GenerationParties parties;
  const double nan = std::nan("");
  const std::vector<std::pair<std::function<void(v1::GenerateRequest&)>, std::string>> faults =
      {
          {[](auto& request) { request.set_run_id(0); }, "the run id is 0"},
          {[](auto& request) { request.set_connect_timeout_seconds(0); }, "(0, 3600]"},
          {[](auto& request) { request.set_connect_timeout_seconds(3601); }, "(0, 3600]"},
          {[=](auto& request) { request.set_connect_timeout_seconds(nan); }, "(0, 3600]"},
          {[](auto& request) { request.set_channel_endpoint("nowhere"); }, "HOST:PORT"},
          {[](auto& request) { request.clear_initial_token(); }, "initial token has 0 bytes"},
          {[](auto& request) { request.set_initial_token(std::string(36, '\0')); },
           "initial token has 36 bytes"},
          {[](auto& request) { request.set_initial_token(std::string(32, '\xff')); },
           "initial token holds a NaN"},
          {[=](auto& request) { request.mutable_parameters()->set_score_scale(nan); },
           "scale of scores must be finite"},
          {[](auto& request) { request.mutable_parameters()->set_dims(4096); },
           "initial token has 32 bytes, not 1 rows x 4096"},
          {[](auto& request) { request.clear_parameters(); }, "at least 2 scales"},
      };
  for (const auto& [change, words] : faults) {
    v1::GenerateRequest request = parties.Request(kRun, SmallGeneration());
    change(request);
    EXPECT_THAT(parties.Generate(request), StatusIs(Code::kInvalidArgument, HasSubstr(words)));
  }
  v1::GenerateRequest request = parties.Request(kRun, SmallGeneration());
  request.set_protocol_version(2);
  EXPECT_THAT(parties.Generate(request),
              StatusIs(Code::kFailedPrecondition, HasSubstr("protocol version 2")));
  EXPECT_THAT(GetMessage(*parties.bob_stub, kRun), StatusIs(Code::kNotFound, _));
}

TEST(GenerateTest, NumbersThatOutgrowFloat32AreInvalid) {
  const GenerationParties parties;
  v1::GenerateRequest request = parties.Request(kRun, SmallGeneration());
  request.set_initial_token(
      RowsToBytes(Matrix::Constant(1, 8, std::numeric_limits<float>::max())));
  EXPECT_THAT(parties.Generate(request),
              StatusIs(Code::kInvalidArgument, HasSubstr("holds a NaN or an infinity")));
}

TEST(GenerateTest, AnUnreachableAlgorithmOrBobIsUnavailable) {
  const RefusingPort nobody;
  const GenerationParties parties;
  v1::GenerateRequest request = parties.Request(kRun, SmallGeneration());
  request.set_connect_timeout_seconds(0.2);
  request.set_channel_endpoint(nobody.endpoint().ToString());
  EXPECT_THAT(parties.Generate(request),
              StatusIs(Code::kUnavailable, HasSubstr(nobody.endpoint().ToString())));
  AliceServiceHost host(nobody.endpoint());
  LoopbackServer server({&host});
  const auto lonely = v1::AliceService::NewStub(ControlChannel(server.endpoint()));
  grpc::ClientContext context;
  v1::GenerateResponse response;
  EXPECT_THAT(FromGrpc(lonely->Generate(&context, request, &response)),
              StatusIs(Code::kUnavailable, HasSubstr("the algorithm")));
}

}  // namespace
}  // namespace kvwire
