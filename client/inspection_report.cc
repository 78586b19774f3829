#include "client/inspection_report.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/version.h"

namespace kvwire {
namespace {

using Json = nlohmann::ordered_json;

std::string ContentName(SectionContent content) {
  return std::string(SectionContentName(content));
}

// A line of the table of bytes.
std::string Line(int64_t offset, int64_t bytes, const std::string& what,
                 const std::string& value) {
  return absl::StrFormat("%12d %12d  %-20s %s\n", offset, bytes, what, value);
}

// What coding has come to, if it has been at work.
std::string UncodedNote(const InspectedSection& inspected) {
  const auto bits = inspected.uncoded_bits;
  if (bits == inspected.section.bits) return "";
  return bits.has_value() ? absl::StrCat(", of ", *bits, " before coding")
                          : ", and no length as coded sections have one";
}

std::string SectionText(size_t number, const InspectedSection& inspected) {
  const SnapshotSection& section = inspected.section;
  const auto checksum_bytes = static_cast<int64_t>(kChecksumBytes);
  std::string text = absl::StrFormat("section %d: %s\n", number, ContentName(section.content));
  text += Line(inspected.offset, inspected.header_bytes, "content and length",
               absl::StrCat(static_cast<int>(section.content), ", ", section.bytes()));
  text += Line(inspected.body_offset(), section.bytes(), "body",
               absl::StrCat(section.bits, " bits", UncodedNote(inspected)));
  text += Line(inspected.body_offset() + section.bytes(), checksum_bytes, "checksum",
               absl::StrFormat("CRC32C %08x, right", inspected.checksum));
  return text;
}

std::string TotalLine(const std::string& what, int64_t sections, int64_t bits, int64_t bytes) {
  return absl::StrFormat("%-20s %10d %16d %14d", what, sections, bits, bytes);
}

std::string TotalsText(const SnapshotInspection& inspection) {
  std::string text =
      absl::StrFormat("\n%-20s %10s %16s %14s%s\n", "content", "sections", "bits", "bytes",
                      inspection.IsCoded() ? "  bits before coding" : "");
  for (const ContentTotal& total : inspection.Totals()) {
    text += TotalLine(ContentName(total.content), total.sections, total.bits, total.bytes);
    if (inspection.IsCoded() && total.uncoded_bits.has_value()) {
      absl::StrAppendFormat(&text, "%20d", *total.uncoded_bits);
    }
    text += '\n';
  }
  const int64_t container = inspection.ContainerBytes();
  const auto sections = static_cast<int64_t>(inspection.sections.size());
  absl::StrAppend(
      &text,
      TotalLine("payload", sections, inspection.PayloadBits(), inspection.bytes - container),
      "\n");
  absl::StrAppendFormat(&text, "%-20s %10s %16s %14d\n", "container", "", "", container);
  absl::StrAppendFormat(&text, "%-20s %10s %16s %14d  the file's size\n", "sum", "", "",
                        inspection.bytes);
  return text;
}

std::string ElementsText(const SnapshotInspection& inspection) {
  const auto bits = inspection.BitsPerElement();
  if (!bits.has_value()) return "\nNo token was appended: there are no bits per element.\n";
  const bool tensor = inspection.header.attention == AttentionKind::kTensor;
  return absl::StrFormat(
      "\n%.4f bits per element: payload bits / (2 n %s), where n = %d counts every token "
      "ever\n"
      "appended, zero and evicted ones too: a snapshot does not say how many those are.\n",
      *bits, tensor ? "2 d" : "d", inspection.header.tokens);
}

template <typename Number>
Json OrNull(const std::optional<Number>& number) {
  return number.has_value() ? Json(*number) : Json(nullptr);
}

Json HeaderJson(const SnapshotInspection& inspection) {
  Json fields = Json::array();
  int64_t offset = 0;
  for (const SnapshotField& field : inspection.Fields()) {
    const auto bytes = static_cast<int64_t>(field.bytes.size());
    fields.push_back(
        {{"name", field.name}, {"offset", offset}, {"bytes", bytes}, {"value", field.value}});
    offset += bytes;
  }
  return {{"bytes", inspection.header_bytes}, {"fields", std::move(fields)}};
}

Json SectionJson(const InspectedSection& inspected) {
  const SnapshotSection& section = inspected.section;
  return {{"content", ContentName(section.content)},
          {"content_code", static_cast<int>(section.content)},
          {"offset", inspected.offset},
          {"bytes", inspected.bytes()},
          {"header_bytes", inspected.header_bytes},
          {"body_offset", inspected.body_offset()},
          {"body_bits", section.bits},
          {"body_bytes", section.bytes()},
          {"uncoded_bits", OrNull(inspected.uncoded_bits)},
          {"checksum", absl::StrFormat("%08x", inspected.checksum)}};
}

Json ContentsJson(const SnapshotInspection& inspection) {
  Json contents = Json::array();
  for (const ContentTotal& total : inspection.Totals()) {
    contents.push_back({{"content", ContentName(total.content)},
                        {"sections", total.sections},
                        {"bits", total.bits},
                        {"bytes", total.bytes},
                        {"uncoded_bits", OrNull(total.uncoded_bits)}});
  }
  return contents;
}

}  // namespace

std::string InspectionText(const std::string& file, const SnapshotInspection& inspection) {
  const SnapshotHeader& header = inspection.header;
  std::string text =
      absl::StrFormat("%s: a snapshot of %s, %s, d = %d, %d tokens, %d bytes\n\n", file,
                      header.spec.ToString(), SnapshotKind(header), header.dims, header.tokens,
                      inspection.bytes);
  absl::StrAppendFormat(&text, "%12s %12s  %s\n", "offset", "bytes", "header");
  int64_t offset = 0;
  for (const SnapshotField& field : inspection.Fields()) {
    const auto bytes = static_cast<int64_t>(field.bytes.size());
    text += Line(offset, bytes, field.name, field.value);
    offset += bytes;
  }
  for (size_t i = 0; i < inspection.sections.size(); ++i) {
    text += SectionText(i + 1, inspection.sections[i]);
  }
  return text + TotalsText(inspection) + ElementsText(inspection);
}

std::string InspectionJson(const std::string& file, const SnapshotInspection& inspection) {
  const SnapshotHeader& header = inspection.header;
  Json sections = Json::array();
  for (const InspectedSection& section : inspection.sections) {
    sections.push_back(SectionJson(section));
  }
  const Json json = {
      {"version", kVersion},
      {"file", file},
      {"bytes", inspection.bytes},
      {"algorithm", header.spec.ToString()},
      {"attention", header.attention == AttentionKind::kTensor ? "tensor" : "ordinary"},
      {"encoding", header.encoding == ValueEncoding::kSigns ? "signs" : "bits"},
      {"d", header.dims},
      {"tokens", header.tokens},
      {"header", HeaderJson(inspection)},
      {"sections", std::move(sections)},
      {"contents", ContentsJson(inspection)},
      {"payload_bits", inspection.PayloadBits()},
      {"container_bytes", inspection.ContainerBytes()},
      {"elements", inspection.Elements()},
      {"bits_per_element", OrNull(inspection.BitsPerElement())}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace kvwire
