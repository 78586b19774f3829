#include "common/waterfall/tls_tap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "absl/strings/escaping.h"
#include "common/waterfall/key_log.h"
#include "common/waterfall/tls_record_key.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using testing::HasSubstr;

// RFC 8448, section 3: the client's traffic secret and its first record of application data,
// the bytes 0 to 49 under TLS_AES_128_GCM_SHA256.
constexpr uint16_t kAes128 = 0x1301;
const std::string kSecret =
    absl::HexStringToBytes("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5");
const std::string kHeader = absl::HexStringToBytes("1703030043");
const std::string kSealed = absl::HexStringToBytes(
    "a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b629"
    "7"
    "4e1f5a6292a2977014bd1e3deae63aeebb21694915e4");

TEST(TlsRecordKeyTest, OpensTheRecordOfTheRfc) {
  TlsRecordKey key = TlsRecordKey::Derive(kAes128, kSecret).value();
  const std::optional<std::string> opened = key.Open(kHeader, kSealed);
  ASSERT_TRUE(opened.has_value());
  std::string expected;
  for (char k = 0; k < 50; ++k) expected.push_back(k);
  expected.push_back(23);  // application data
  EXPECT_EQ(*opened, expected);
  EXPECT_FALSE(key.Open(kHeader, kSealed).has_value()) << "it was the first, not the second";
}

TEST(TlsRecordKeyTest, OpensNoRecordWithAFlippedBitAndWaitsForTheRightOne) {
  TlsRecordKey key = TlsRecordKey::Derive(kAes128, kSecret).value();
  for (size_t bit = 0; bit < 8 * kSealed.size(); ++bit) {
    std::string flipped = kSealed;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_FALSE(key.Open(kHeader, flipped).has_value()) << bit;
  }
  EXPECT_FALSE(key.Open(absl::HexStringToBytes("1703030042"), kSealed).has_value());
  EXPECT_FALSE(key.Open(kHeader, "short").has_value());
  EXPECT_TRUE(key.Open(kHeader, kSealed).has_value());
}

TEST(TlsRecordKeyTest, RefusesSuitesAndSecretsThatDoNotFit) {
  EXPECT_THAT(TlsRecordKey::Derive(0xc02f, kSecret).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("c02f")));
  EXPECT_THAT(TlsRecordKey::Derive(0x1302, kSecret).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("32 bytes")));
}

TEST(KeyLogTest, FindsASecretByLabelAndRandomAndSkipsWhatIsNone) {
  const KeyLog log = KeyLog::Parse(
      "# a comment\n"
      "CLIENT_TRAFFIC_SECRET_0 0102 aabb\r"
      "CLIENT_TRAFFIC_SECRET_0 0304 ccdd\r\n"
      "CLIENT_RANDOM 0102\n"
      "SERVER_TRAFFIC_SECRET_0 01x2 aabb\n");
  EXPECT_EQ(log.Find("CLIENT_TRAFFIC_SECRET_0", "\x01\x02"), "\xaa\xbb");
  EXPECT_EQ(log.Find("CLIENT_TRAFFIC_SECRET_0", "\x03\x04"), "\xcc\xdd");
  EXPECT_EQ(log.Find("SERVER_TRAFFIC_SECRET_0", "\x01\x02"), "");
}

TEST(KeyLogTest, AFileThatIsNotThereIsAnError) {
  EXPECT_THAT(KeyLog::Read("/nonexistent/keys").status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/nonexistent/keys")));
}

absl::Status Ignore(std::string_view /*content*/) { return absl::OkStatus(); }

TEST(TlsTapTest, KnowsTlsFromHttp2ByItsFirstByte) {
  EXPECT_TRUE(TlsTap::IsTls('\x16'));
  EXPECT_FALSE(TlsTap::IsTls('P'));
}

TEST(TlsTapTest, WhatIsNotTlsIsDataLoss) {
  const KeyLog none;
  TlsTap unknown(none);
  EXPECT_THAT(unknown.Append(Sender::kClient, absl::HexStringToBytes("9903030000"), Ignore),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("the type")));
  TlsTap hello(none);
  EXPECT_THAT(hello.Append(Sender::kClient, absl::HexStringToBytes("160303000101"), Ignore),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("cut short")));
  TlsTap early(none);
  EXPECT_THAT(early.Append(Sender::kClient, kHeader + kSealed, Ignore),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("cannot be opened")));
  TlsTap half(none);
  EXPECT_THAT(half.Append(Sender::kServer, absl::HexStringToBytes("14030300"), Ignore),
              IsOk());
  EXPECT_THAT(half.Finish(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("within")));
}

TEST(TlsTapTest, WithoutTheKeysItSaysHowToKeepThem) {
  const KeyLog none;
  TlsTap tap(none);
  const std::string random(32, 'r');
  const std::string client = absl::HexStringToBytes("0100002b0303") + random + '\0';
  const std::string server =
      absl::HexStringToBytes("0200002b0303") + random + '\0' + absl::HexStringToBytes("1301");
  const auto record = [](const std::string& body) {
    return absl::HexStringToBytes("16030300") + static_cast<char>(body.size()) + body;
  };
  ASSERT_THAT(tap.Append(Sender::kClient, record(client), Ignore), IsOk());
  EXPECT_THAT(tap.Append(Sender::kServer, record(server), Ignore),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("--tls-key-log")));
}

}  // namespace
}  // namespace kvwire
