// What an algorithm is told, as the setup of a cache.

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "common/wire/parameters_conversion.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int64_t kLargestSeed = (int64_t{1} << 53) - 1;

v1::CacheParameters GoodCache() {
  v1::CacheParameters proto;
  proto.set_algorithm("streaming:window=7");
  proto.set_dims(6);
  proto.set_token_count(21);
  proto.set_query_count(64);
  proto.set_frame(v1::KEY_FRAME_KIND_UNIT);
  proto.set_seed(99);
  proto.set_sharpness(8.5);
  proto.set_attention(v1::ATTENTION_KIND_TENSOR);
  proto.set_encoding(v1::VALUE_ENCODING_SIGNS);
  return proto;
}

struct Fault {
  std::function<void(v1::CacheParameters&)> make;
  std::string message;
};

TEST(CacheConversionTest, ACacheSetupHasThePublicKeys) {
  const CacheSetup setup = CacheSetupFromProto(GoodCache(), 4711).value();
  EXPECT_EQ(setup.spec.ToString(), "streaming:window=7");
  EXPECT_EQ(setup.dims, 6);
  EXPECT_EQ(setup.seed, 99U);
  EXPECT_EQ(setup.sharpness, 8.5);
  EXPECT_EQ(setup.memory_limit_bytes, 4711);
  EXPECT_EQ(setup.attention, AttentionKind::kTensor);
  EXPECT_EQ(setup.encoding, ValueEncoding::kSigns);
  const KeyFrame expected = KeyFrame::Create(KeyFrameKind::kUnit, 99, 21, 6).value();
  Matrix keys(21, 6), expected_keys(21, 6);
  setup.frame.value().Fill(0, keys);
  expected.Fill(0, expected_keys);
  EXPECT_EQ(keys, expected_keys);
}

TEST(CacheConversionTest, ACacheIsOrdinaryAndHoldsBitsUnlessItIsSaid) {
  v1::CacheParameters proto = GoodCache();
  for (const bool said : {false, true}) {
    proto.set_attention(said ? v1::ATTENTION_KIND_ORDINARY : v1::ATTENTION_KIND_UNSPECIFIED);
    proto.set_encoding(said ? v1::VALUE_ENCODING_BITS : v1::VALUE_ENCODING_UNSPECIFIED);
    const CacheSetup setup = CacheSetupFromProto(proto, 1).value();
    EXPECT_EQ(setup.attention, AttentionKind::kOrdinary);
    EXPECT_EQ(setup.encoding, ValueEncoding::kBits);
  }
}

TEST(CacheConversionTest, ACacheNeedsNoPublicKeys) {
  v1::CacheParameters proto = GoodCache();
  proto.clear_frame();
  EXPECT_FALSE(CacheSetupFromProto(proto, 1)->frame.has_value());
}

TEST(CacheConversionTest, EachCacheParameterOutOfRangeIsNamed) {
  using P = v1::CacheParameters;
  const std::vector<Fault> faults = {
      {[](P& p) { p.set_algorithm("zip"); }, "no algorithm 'zip'; there are "},
      {[](P& p) { p.set_algorithm("streaming:windows=7"); },
       "no option windows; it has evict, sinks, window"},
      {[](P& p) { p.set_algorithm("streaming:window=-7"); }, "option window=-7"},
      {[](P& p) { p.clear_algorithm(); }, "the form is name or name:key=value"},
      {[](P& p) { p.set_dims(0); }, "d = 0 is not in 1 .. 65536"},
      {[](P& p) { p.set_dims(-5); }, "d = -5 is not in 1 .. 65536"},
      {[](P& p) { p.set_dims(65537); }, "d = 65537 is not in 1 .. 65536"},
      {[](P& p) { p.set_seed(-1); }, "seed -1 is not below 2^53"},
      {[](P& p) { p.set_seed(kLargestSeed + 1); }, "is not below 2^53"},
      {[](P& p) { p.set_sharpness(kNan); }, "sharpness"},
      {[](P& p) { p.set_sharpness(kInfinity); }, "sharpness"},
      {[](P& p) { p.set_sharpness(-0.5); }, "sharpness"},
      {[](P& p) { p.set_token_count(0); }, "not 0 rows"},
      {[](P& p) { p.set_token_count(-3); }, "not -3 rows"},
      {[](P& p) { p.set_token_count(INT64_MAX); }, "is over the limit of 1073741824"},
      {[](P& p) { p.set_token_count((1 << 30) / 6 + 1); }, "is over the limit of 1073741824"},
      {[](P& p) { p.set_frame(static_cast<v1::KeyFrameKind>(77)); },
       "key frame 77 is not known"},
      {[](P& p) { p.set_frame(v1::KEY_FRAME_KIND_CODE); }, "power of two"},
      {[](P& p) { p.set_attention(static_cast<v1::AttentionKind>(77)); },
       "attention kind 77 is not known here"},
      {[](P& p) { p.set_encoding(static_cast<v1::ValueEncoding>(77)); },
       "value encoding 77 is not known here"},
  };
  for (const Fault& fault : faults) {
    P proto = GoodCache();
    fault.make(proto);
    EXPECT_THAT(CacheSetupFromProto(proto, 1),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(fault.message)));
  }
}

}  // namespace
}  // namespace kvwire
