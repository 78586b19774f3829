#include "client/inspection_report.h"

#include <nlohmann/json.hpp>
#include <string>

#include "common/kv/registry.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

SnapshotInspection TwoSections() {
  SnapshotInspection inspection;
  inspection.header = {.spec = ParseBuiltInSpec("streaming:window=8").value(),
                       .attention = AttentionKind::kTensor,
                       .dims = 4,
                       .tokens = 10,
                       .sections = 2};
  inspection.header_bytes = 20;
  inspection.sections = {{.section = {SectionContent::kCodes, 13},
                          .offset = 20,
                          .header_bytes = 2,
                          .checksum = 0x12ab,
                          .uncoded_bits = 13},
                         {.section = {SectionContent::kNorms, 160},
                          .offset = 28,
                          .header_bytes = 2,
                          .checksum = 1,
                          .uncoded_bits = 160}};
  inspection.bytes = 20 + 8 + 26;
  return inspection;
}

TEST(InspectionReportTest, TheTextShowsOffsetsTotalsAndTheSum) {
  const std::string text = InspectionText("file.kvws", TwoSections());
  EXPECT_THAT(text, HasSubstr("file.kvws: a snapshot of streaming:window=8, tensor attention, "
                              "values of bits, d = 4, 10 tokens, 54 bytes\n"));
  EXPECT_THAT(text, HasSubstr("           0            4  magic                KVWS\n"));
  EXPECT_THAT(text, HasSubstr("section 1: codes\n"));
  EXPECT_THAT(text, HasSubstr("          22            2  body                 13 bits\n"));
  EXPECT_THAT(text, HasSubstr("          24            4  checksum             CRC32C "
                              "000012ab, right\n"));
  EXPECT_THAT(text, HasSubstr("payload                       2              173"
                              "             22\n"));
  EXPECT_THAT(text,
              HasSubstr("container                                                    32\n"));
  EXPECT_THAT(text, HasSubstr("54  the file's size\n"));
  EXPECT_THAT(text, HasSubstr("1.0813 bits per element: payload bits / (2 n 2 d)"));
  EXPECT_THAT(text, HasSubstr("zero and evicted ones too"));
}

TEST(InspectionReportTest, CodedSectionsShowWhatTheyWere) {
  SnapshotInspection inspection = TwoSections();
  inspection.header.spec = ParseBuiltInSpec("streaming:window=8+ans").value();
  inspection.sections[0].uncoded_bits = 16;
  inspection.sections[1].uncoded_bits = 320;
  const std::string text = InspectionText("file", inspection);
  EXPECT_THAT(text, HasSubstr("13 bits, of 16 before coding\n"));
  EXPECT_THAT(text, HasSubstr("bytes  bits before coding\n"));
  EXPECT_THAT(text, HasSubstr("160             20                 320\n"));
  auto json = nlohmann::json::parse(InspectionJson("file", inspection));
  EXPECT_EQ(json["sections"][0]["uncoded_bits"], 16);
  EXPECT_EQ(json["contents"][1]["uncoded_bits"], 320);
  inspection.sections[0].uncoded_bits.reset();
  EXPECT_THAT(InspectionText("file", inspection), HasSubstr("13 bits, and no length"));
  json = nlohmann::json::parse(InspectionJson("file", inspection));
  EXPECT_TRUE(json["sections"][0]["uncoded_bits"].is_null());
}

TEST(InspectionReportTest, WithoutTokensTheTextSaysSo) {
  SnapshotInspection inspection = TwoSections();
  inspection.header.tokens = 0;
  const std::string text = InspectionText("file", inspection);
  EXPECT_THAT(text, HasSubstr("No token was appended"));
  EXPECT_THAT(text, Not(HasSubstr("bits per element:")));
  const auto json = nlohmann::json::parse(InspectionJson("file", inspection));
  EXPECT_TRUE(json["bits_per_element"].is_null());
}

TEST(InspectionReportTest, TheJsonSaysTheSame) {
  const auto json = nlohmann::json::parse(InspectionJson("file.kvws", TwoSections()));
  EXPECT_EQ(json["file"], "file.kvws");
  EXPECT_EQ(json["bytes"], 54);
  EXPECT_EQ(json["algorithm"], "streaming:window=8");
  EXPECT_EQ(json["attention"], "tensor");
  EXPECT_EQ(json["encoding"], "bits");
  EXPECT_EQ(json["payload_bits"], 173);
  EXPECT_EQ(json["container_bytes"], 32);
  EXPECT_EQ(json["elements"], 160);
  EXPECT_EQ(json["bits_per_element"], 173.0 / 160);
  EXPECT_EQ(json["header"]["bytes"], 20);
  EXPECT_EQ(json["header"]["fields"][4]["name"], "tokens");
  EXPECT_EQ(json["header"]["fields"][4]["offset"], 7);
  EXPECT_EQ(json["header"]["fields"][4]["bytes"], 1);
  EXPECT_EQ(json["header"]["fields"][4]["value"], "10");
  ASSERT_EQ(json["sections"].size(), 2);
  EXPECT_EQ(json["sections"][0]["content"], "codes");
  EXPECT_EQ(json["sections"][0]["content_code"], 4);
  EXPECT_EQ(json["sections"][0]["body_bits"], 13);
  EXPECT_EQ(json["sections"][0]["body_bytes"], 2);
  EXPECT_EQ(json["sections"][1]["offset"], 28);
  EXPECT_EQ(json["sections"][1]["bytes"], 26);
  EXPECT_EQ(json["sections"][0]["checksum"], "000012ab");
  ASSERT_EQ(json["contents"].size(), 2);
  EXPECT_EQ(json["contents"][1]["content"], "norms");
  EXPECT_EQ(json["contents"][1]["bits"], 160);
}

}  // namespace
}  // namespace kvwire
