#include "client/generation_run.h"

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "common/var/cached_generation.h"
#include "common/wire/rows.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_parties.h"
#include "tests/client/generations.h"
#include "tests/kv/caches.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Code = absl::StatusCode;

GenerationRequest SmallRequest() {
  const Generation generation = SmallGeneration();
  return {.generation = generation, .x_init = InitialToken(generation)};
}

// What the driver makes of parties who do as they should but for `change`.
absl::StatusOr<GenerationResult> RunAgainst(
    const std::function<void(FakeParties&)>& change = [](FakeParties&) {},
    const GenerationRequest& request = SmallRequest()) {
  FakeParties parties;
  parties.alice.generate = [](const v1::GenerateRequest&, v1::GenerateResponse& response) {
    *response.mutable_ledger() = GoodLedger(900, 280);
    response.set_message_sha256(std::string(32, 's'));
    response.set_token_map_bytes(128);
    response.set_state_bits(2000);
    response.set_section_count(2);
    response.set_algorithm_process_id(7);
    return grpc::Status::OK;
  };
  parties.bob.get_ledger = [](v1::GetLedgerResponse& response) {
    *response.mutable_ledger() = GoodLedger(300, 900);
    response.set_snapshot_sha256(std::string(32, 's'));
    return grpc::Status::OK;
  };
  parties.bob.generate_last = [](FakeBob::LastWriter& writer) {
    v1::GenerateLastResponse piece;
    piece.set_tokens(RowsToBytes(Matrix::Constant(5, 8, 2)));
    writer.Write(piece);
    piece.set_tokens(RowsToBytes(Matrix::Constant(4, 8, 3)));
    piece.set_generate_seconds(0.5);
    piece.set_algorithm_process_id(8);
    writer.Write(piece);
    return grpc::Status::OK;
  };
  change(parties);
  Driver driver(parties.services);
  const absl::Status connected = driver.Connect();
  if (!connected.ok()) return connected;
  auto result = RunGeneration(driver, request);
  // Whatever happened, Bob may forget it.
  EXPECT_THAT(parties.bob.closed(1), SizeIs(1));
  return result;
}

TEST(GenerationRunTest, CollectsTheBooksAndTheMap) {
  const auto result = RunAgainst();
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->last_map.rows(), 9);
  EXPECT_EQ(result->last_map(4, 7), 2);
  EXPECT_EQ(result->last_map(5, 0), 3);
  EXPECT_EQ(result->token_map_bytes, 128);
  EXPECT_EQ(result->snapshot_bytes(), 400 - 128);
  EXPECT_EQ(result->wire_bytes(), 900);
  EXPECT_EQ(result->state_bits, 2000);
  EXPECT_EQ(result->section_count, 2);
  EXPECT_EQ(result->alice_process_id, 7);
  EXPECT_EQ(result->bob_process_id, 8);
  EXPECT_EQ(result->bob_seconds, 0.5);
  EXPECT_NE(result->run_id, 0);
  EXPECT_THAT(JudgeGeneration(*result, false), IsEmpty());
}

TEST(GenerationRunTest, AliceIsAskedForWhatTheRequestSays) {
  const auto result = RunAgainst([](FakeParties& parties) {
    parties.alice.generate = [](const v1::GenerateRequest& request, v1::GenerateResponse&) {
      EXPECT_EQ(request.protocol_version(), 1);
      EXPECT_NE(request.run_id(), 0);
      EXPECT_EQ(request.parameters().SerializeAsString(),
                GenerationToProto(SmallGeneration()).SerializeAsString());
      EXPECT_EQ(request.initial_token(), RowsToBytes(SmallRequest().x_init));
      EXPECT_EQ(request.channel_endpoint(), "127.0.0.1:1");
      EXPECT_EQ(request.connect_timeout_seconds(), 60);
      return grpc::Status(grpc::StatusCode::ABORTED, "enough");
    };
  });
  EXPECT_THAT(result, StatusIs(Code::kAborted, HasSubstr("Alice: enough")));
}

TEST(GenerationRunTest, OfATokenLogTheMapIsTheInitialToken) {
  GenerationRequest request = SmallRequest();
  request.generation.bob_scales = 3;
  for (const int64_t map_bytes : {32, 128}) {
    const auto result = RunAgainst(
        [map_bytes](FakeParties& parties) {
          const auto honest = parties.alice.generate;
          parties.alice.generate = [=](const v1::GenerateRequest& asked,
                                       v1::GenerateResponse& response) {
            EXPECT_EQ(asked.parameters().bob_scales(), 3);
            const grpc::Status status = honest(asked, response);
            response.set_token_map_bytes(map_bytes);
            return status;
          };
        },
        request);
    if (map_bytes == 32) {
      ASSERT_THAT(result, IsOk());
      EXPECT_EQ(result->token_map_bytes, 32);
      EXPECT_EQ(result->snapshot_bytes(), 400 - 32);
    } else {
      EXPECT_THAT(result, StatusIs(Code::kInternal, HasSubstr("which has 32")));
    }
  }
}

TEST(GenerationRunTest, ErrorsNameTheParty) {
  const grpc::Status full(grpc::StatusCode::RESOURCE_EXHAUSTED, "full");
  EXPECT_THAT(RunAgainst([&](FakeParties& parties) {
                parties.bob.get_ledger = [&](auto&) { return full; };
              }),
              StatusIs(Code::kResourceExhausted, HasSubstr("Bob: full")));
  EXPECT_THAT(RunAgainst([&](FakeParties& parties) {
                parties.bob.generate_last = [&](auto&) { return full; };
              }),
              StatusIs(Code::kResourceExhausted, HasSubstr("Bob: full")));
}

TEST(GenerationRunTest, AMapOfAnotherSizeOrWithNumbersThatAreNoneIsAnInternalError) {
  const std::string good = RowsToBytes(Matrix::Constant(9, 8, 2));
  for (const std::string& tokens :
       {std::string(), good.substr(1), good + '\0', good + good, std::string(288, '\xff')}) {
    const auto result = RunAgainst([&](FakeParties& parties) {
      parties.bob.generate_last = [&](FakeBob::LastWriter& writer) {
        v1::GenerateLastResponse piece;
        piece.set_tokens(tokens);
        writer.Write(piece);
        return grpc::Status::OK;
      };
    });
    EXPECT_THAT(result, StatusIs(Code::kInternal, HasSubstr("Bob's answer is no map")));
  }
}

TEST(GenerationRunTest, AMapWithoutAnEndIsCutOff) {
  const auto result = RunAgainst([](FakeParties& parties) {
    parties.bob.generate_last = [](FakeBob::LastWriter& writer) {
      v1::GenerateLastResponse piece;
      piece.set_tokens(std::string(1000, '\0'));
      while (writer.Write(piece)) continue;
      return grpc::Status::OK;
    };
  });
  EXPECT_THAT(result, StatusIs(Code::kInternal, HasSubstr("Bob's answer is no map")));
}

TEST(GenerationRunTest, BooksThatCannotBeAreAnInternalError) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  const std::vector<std::pair<std::function<void(v1::GenerateResponse&)>, std::string>>
      faults = {
          {[](auto& alice) { alice.set_token_map_bytes(127); }, "127 bytes"},
          {[=](auto& alice) { alice.set_token_map_bytes(kLeast); }, "which has 128"},
          {[=](auto& alice) { alice.set_state_bits(kLeast); }, "Alice's algorithm's books"},
          {[](auto& alice) { alice.mutable_ledger()->set_snapshot_bytes(int64_t{1} << 60); },
           "Alice's books"},
      };
  for (const auto& [change, words] : faults) {
    const auto result = RunAgainst([&change = change](FakeParties& parties) {
      const auto honest = parties.alice.generate;
      parties.alice.generate = [&, honest](const v1::GenerateRequest& request,
                                           v1::GenerateResponse& response) {
        const grpc::Status status = honest(request, response);
        change(response);
        return status;
      };
    });
    EXPECT_THAT(result, StatusIs(Code::kInternal, HasSubstr(words)));
  }
}

TEST(JudgeGenerationTest, EveryFaultIsAReason) {
  const std::vector<std::pair<std::function<void(GenerationResult&)>, std::string>> faults = {
      {[](auto& result) { result.bob_sha256[3] = '\0'; }, "another message than Alice sent"},
      {[](auto& result) { result.bob.set_message_bytes(461); }, "the ends disagree on"},
      {[](auto& result) { result.state_bits = 2177; }, "1 more than its snapshot has"},
      {[](auto& result) { result.state_bits = 20; }, "1516 bits more than the claim"},
      {[](auto& result) { result.bob_process_id = 0xa; }, "one algorithm process"},
  };
  EXPECT_THAT(JudgeGeneration(GoodGeneration(), false), IsEmpty());
  for (const auto& [change, words] : faults) {
    GenerationResult result = GoodGeneration();
    change(result);
    EXPECT_THAT(JudgeGeneration(result, false), ElementsAre(HasSubstr(words)));
  }
}

TEST(JudgeGenerationTest, OneAlgorithmProcessMayBeAllowed) {
  GenerationResult result = GoodGeneration();
  result.bob_process_id = result.alice_process_id;
  EXPECT_THAT(JudgeGeneration(result, true), IsEmpty());
}

TEST(JudgeGenerationTest, TheMapIsNoPartOfTheClaim) {
  GenerationResult result = GoodGeneration();
  // All 400 bytes, were they the snapshot, would explain this.
  result.state_bits = 3200;
  EXPECT_THAT(JudgeGeneration(result, false), ElementsAre(HasSubstr("1024 more than")));
}

TEST(GenerateWholeTest, IsTheLastMapOfOneCache) {
  GenerationRequest request = SmallRequest();
  request.generation.options.sides = {1, 2, 3, 5};
  const VarTransformer transformer =
      MakeTransformer(request.generation, std::nullopt, request.x_init).value();
  const auto cache = NewCache(SetupOf("exact", 8));
  const auto whole = GenerateWhole(request, std::nullopt);
  ASSERT_THAT(whole, IsOk());
  EXPECT_EQ(*whole, GenerateScales(transformer, *cache, 1, 4, request.x_init).value());
  // Whatever is asked of the services: it is what they are compared with.
  request.generation.algorithm = "float16";
  EXPECT_EQ(*GenerateWhole(request, std::nullopt), *whole);
}

TEST(GenerateWholeTest, NumbersThatOutgrowFloat32AreInvalid) {
  GenerationRequest request = SmallRequest();
  request.generation.options.position_amplitude = 1e300;
  EXPECT_THAT(GenerateWhole(request, std::nullopt),
              StatusIs(Code::kInvalidArgument,
                       AllOf(HasSubstr("outgrow float32"), HasSubstr("not finite"))));
}

TEST(GenerateWholeTest, WeightsThatAreNotHereAreAFailedPrecondition) {
  GenerationRequest request = SmallRequest();
  request.generation.weights_sha256 = std::string(32, 'x');
  EXPECT_THAT(GenerateWhole(request, std::nullopt),
              StatusIs(Code::kFailedPrecondition, HasSubstr("SHA-256")));
}

}  // namespace
}  // namespace kvwire
