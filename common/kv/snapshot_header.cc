#include "common/kv/snapshot_header.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/checksum.h"
#include "common/base/little_endian.h"
#include "common/base/status_macros.h"
#include "common/base/varint.h"
#include "common/kv/kv_cache.h"
#include "common/kv/registry.h"
#include "common/kv/snapshot_fields.h"

namespace kvwire {
namespace {

// Twice what a spec of 256 characters takes. A header is read anew with each field that
// comes, so these bound the time that is spent on one that never ends.
constexpr size_t kLongestHeader = 1024;
constexpr int kMostOptions = 64;
constexpr int kLongestVarint = 8;  // 56 bits

// A section's first byte: the content, and above it how many bits of the body's last
// byte are unused.
constexpr int kContentBits = 5;

// Takes bytes off the front of a text, until there are none or they make no sense.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  size_t position() const { return position_; }
  // How many bytes there must be to go on; of a good one: to have come here.
  size_t needed() const { return position_ + missing_; }
  bool needs_more() const { return needs_more_; }
  bool malformed() const { return malformed_; }
  bool good() const { return !needs_more_ && !malformed_; }
  void MarkMalformed() { malformed_ = true; }

  std::string_view Take(size_t count) {
    if (!good()) return {};
    if (bytes_.size() - position_ < count) {
      needs_more_ = true;
      missing_ = count;
      return {};
    }
    position_ += count;
    return bytes_.substr(position_ - count, count);
  }

  uint8_t TakeByte() {
    const std::string_view byte = Take(1);
    return byte.empty() ? 0 : static_cast<uint8_t>(byte.front());
  }

  // Seven bits a byte, lowest first, the last byte without the highest bit.
  uint64_t TakeVarint() {
    uint64_t value = 0;
    for (int i = 0; i < kLongestVarint; ++i) {
      const uint8_t byte = TakeByte();
      value |= uint64_t{byte % 128U} << 7 * i;
      if (byte < 128) return value;
    }
    malformed_ = true;
    return 0;
  }

 private:
  std::string_view bytes_;
  size_t position_ = 0;
  size_t missing_ = 0;
  bool needs_more_ = false;
  bool malformed_ = false;
};

// A layer as it stands in the bytes.
struct RawLayer {
  uint8_t code = 0;
  std::vector<std::pair<uint8_t, std::string_view>> options;
};

RawLayer TakeLayer(Cursor& cursor) {
  RawLayer layer;
  layer.code = cursor.TakeByte();
  const uint8_t count = cursor.TakeByte();
  if (count > kMostOptions) cursor.MarkMalformed();
  for (int i = 0; i < count && cursor.good(); ++i) {
    const uint8_t option = cursor.TakeByte();
    const uint8_t length = cursor.TakeByte();
    layer.options.emplace_back(option, cursor.Take(length));
  }
  return layer;
}

std::optional<std::string_view> OptionName(absl::Span<const AlgorithmOption> own,
                                           uint8_t code) {
  if (code < own.size() && code < kFirstCommonOption) return own[code].key;
  const size_t common = size_t{code} - kFirstCommonOption;
  if (code >= kFirstCommonOption && common < CommonOptions().size()) {
    return CommonOptions()[common].key;
  }
  return std::nullopt;
}

template <typename Row>
absl::StatusOr<std::string> LayerText(absl::Span<const Row> table, const RawLayer& layer) {
  const auto* row = std::find_if(table.begin(), table.end(), [&layer](const Row& candidate) {
    return candidate.code == layer.code;
  });
  if (row == table.end()) {
    return absl::DataLossError(absl::StrCat("the snapshot is of algorithm or wrapper number ",
                                            layer.code, ", which is not known here"));
  }
  std::string text(row->name);
  char separator = ':';
  for (const auto& [code, value] : layer.options) {
    const auto name = OptionName(row->options, code);
    if (!name.has_value()) {
      return absl::DataLossError(absl::StrCat("the snapshot has option number ", code, " of ",
                                              std::string(row->name),
                                              ", which is not known here"));
    }
    text.push_back(separator);
    text.append(*name).append("=").append(value);
    separator = ',';
  }
  return text;
}

absl::StatusOr<AlgorithmSpec> SpecOf(const RawLayer& algorithm,
                                     const std::vector<RawLayer>& wrappers) {
  KVWIRE_ASSIGN_OR_RETURN(std::string text, LayerText(BuiltInAlgorithms(), algorithm));
  for (const RawLayer& wrapper : wrappers) {
    KVWIRE_ASSIGN_OR_RETURN(const std::string layer, LayerText(BuiltInWrappers(), wrapper));
    absl::StrAppend(&text, "+", layer);
  }
  absl::StatusOr<AlgorithmSpec> spec = ParseBuiltInSpec(text);
  if (spec.ok()) return spec;
  return absl::DataLossError(
      absl::StrCat("the snapshot's options: ", spec.status().message()));
}

absl::StatusOr<SnapshotHeader> Interpret(uint8_t flags, SnapshotHeader header,
                                         const RawLayer& algorithm,
                                         const std::vector<RawLayer>& wrappers) {
  if (flags > (kTensorFlag | kSignsFlag)) {
    return absl::DataLossError(absl::StrCat("the snapshot has flags ", flags,
                                            ", known are 0 to ", kTensorFlag | kSignsFlag));
  }
  if ((flags & kTensorFlag) != 0) header.attention = AttentionKind::kTensor;
  if ((flags & kSignsFlag) != 0) header.encoding = ValueEncoding::kSigns;
  if (header.dims < 1 || header.dims > kMaxCacheDims || header.tokens > kMaxCacheTokens) {
    return absl::DataLossError(
        absl::StrCat("a stream of ", header.tokens, " tokens with d = ", header.dims));
  }
  KVWIRE_ASSIGN_OR_RETURN(header.spec, SpecOf(algorithm, wrappers));
  return header;
}

}  // namespace

std::string EncodeSnapshotHeader(const SnapshotHeader& header) {
  std::string out;
  for (const SnapshotField& field : SnapshotFields(header)) out += field.bytes;
  return out;
}

absl::StatusOr<ParsedSnapshotHeader> ParseSnapshotHeader(std::string_view bytes) {
  const size_t shown = std::min(bytes.size(), kSnapshotMagic.size());
  if (bytes.substr(0, shown) != kSnapshotMagic.substr(0, shown)) {
    return absl::DataLossError("these bytes are not a snapshot");
  }
  // Each byte of it says whether it can be one.
  if (shown < kSnapshotMagic.size()) return ParsedSnapshotHeader{std::nullopt, shown + 1};
  Cursor cursor(bytes);
  cursor.Take(kSnapshotMagic.size());
  const uint8_t version = cursor.TakeByte();
  if (cursor.good() && version != kSnapshotVersion) {
    return absl::DataLossError(absl::StrCat("the snapshot has version ", version,
                                            ", known is only ", kSnapshotVersion));
  }
  const uint8_t flags = cursor.TakeByte();
  SnapshotHeader header;
  header.dims = static_cast<int64_t>(cursor.TakeVarint());
  header.tokens = static_cast<int64_t>(cursor.TakeVarint());
  header.sections = cursor.TakeByte();
  const RawLayer algorithm = TakeLayer(cursor);
  std::vector<RawLayer> wrappers;
  for (int left = cursor.TakeByte(); left > 0 && cursor.good(); --left) {
    wrappers.push_back(TakeLayer(cursor));
  }
  const std::string_view covered = bytes.substr(0, cursor.position());
  const std::string_view checksum = cursor.Take(kChecksumBytes);
  if (cursor.malformed() || (cursor.needs_more() && bytes.size() >= kLongestHeader)) {
    return absl::DataLossError("the snapshot's header makes no sense");
  }
  if (cursor.needs_more()) {
    return ParsedSnapshotHeader{std::nullopt, std::min(cursor.needed(), kLongestHeader)};
  }
  if (LoadLittleEndian<uint32_t>(checksum.data()) != Crc32c(covered)) {
    return absl::DataLossError("the checksum of the snapshot's header is wrong");
  }
  KVWIRE_ASSIGN_OR_RETURN(header, Interpret(flags, header, algorithm, wrappers));
  if (EncodeSnapshotHeader(header) != bytes.substr(0, cursor.position())) {
    return absl::DataLossError("the snapshot's header is not spelled in the one way");
  }
  return ParsedSnapshotHeader{std::move(header), cursor.position()};
}

std::string EncodeSectionHeader(const SnapshotSection& section) {
  const int64_t unused = 8 * section.bytes() - section.bits;
  std::string out(
      1, static_cast<char>(unused << kContentBits | static_cast<int64_t>(section.content)));
  AppendVarint(static_cast<uint64_t>(section.bytes()), out);
  return out;
}

absl::StatusOr<std::optional<ParsedSectionHeader>> ParseSectionHeader(std::string_view bytes) {
  Cursor cursor(bytes);
  const uint8_t first = cursor.TakeByte();
  const auto length = static_cast<int64_t>(cursor.TakeVarint());
  if (cursor.malformed()) return absl::DataLossError("a section's length makes no sense");
  if (cursor.needs_more()) return std::nullopt;
  const int content = first % (1 << kContentBits);
  if (content < 1 || content > kLastSectionContent) {
    return absl::DataLossError(
        absl::StrCat("a section of content ", content, ", which is not known here"));
  }
  ParsedSectionHeader parsed;
  parsed.section.content = static_cast<SectionContent>(content);
  parsed.section.bits = 8 * length - (first >> kContentBits);
  parsed.bytes = cursor.position();
  if (parsed.section.bits < 0 ||
      EncodeSectionHeader(parsed.section) != bytes.substr(0, parsed.bytes)) {
    return absl::DataLossError("a section's length is not spelled in the one way");
  }
  return parsed;
}

}  // namespace kvwire
