#include "common/kv/snapshot_fields.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/checksum.h"
#include "common/base/little_endian.h"
#include "common/base/varint.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

class FieldList {
 public:
  void Add(std::string name, std::string bytes, std::string value) {
    fields_.push_back({std::move(name), std::move(bytes), std::move(value)});
  }

  // A byte that says the number it is.
  void AddByte(std::string name, size_t number) {
    Add(std::move(name), std::string(1, static_cast<char>(number)), absl::StrCat(number));
  }

  void AddVarint(std::string name, int64_t number) {
    std::string bytes;
    AppendVarint(static_cast<uint64_t>(number), bytes);
    Add(std::move(name), std::move(bytes), absl::StrCat(number));
  }

  // An algorithm or a wrapper: `row` of the registry with the options of `layer`.
  template <typename Row>
  void AddLayer(const std::string& what, const Row& row, const AlgorithmSpec& layer) {
    const std::string name(row.name);
    Add(what, std::string(1, static_cast<char>(row.code)), absl::StrCat(row.code, ": ", name));
    AddByte(absl::StrCat("options of ", name), layer.options().size());
    AddOptions(row.options, 0, layer);
    AddOptions(CommonOptions(), kFirstCommonOption, layer);
  }

  void AddChecksum() {
    std::string covered;
    for (const SnapshotField& field : fields_) covered += field.bytes;
    std::string bytes;
    const uint32_t crc = Crc32c(covered);
    AppendLittleEndian(crc, bytes);
    Add("checksum", std::move(bytes), absl::StrFormat("CRC32C %08x", crc));
  }

  std::vector<SnapshotField> Take() { return std::move(fields_); }

 private:
  void AddOptions(absl::Span<const AlgorithmOption> options, uint8_t first,
                  const AlgorithmSpec& layer) {
    for (size_t i = 0; i < options.size(); ++i) {
      const auto found = layer.options().find(options[i].key);
      if (found == layer.options().end()) continue;
      const auto& [key, value] = *found;
      std::string bytes(1, static_cast<char>(first + i));
      bytes.push_back(static_cast<char>(value.size()));
      Add(absl::StrCat("option of ", layer.name()), bytes + value,
          absl::StrCat(key, "=", value));
    }
  }

  std::vector<SnapshotField> fields_;
};

uint8_t FlagsOf(const SnapshotHeader& header) {
  uint8_t flags = 0;
  if (header.attention == AttentionKind::kTensor) flags |= kTensorFlag;
  if (header.encoding == ValueEncoding::kSigns) flags |= kSignsFlag;
  return flags;
}

}  // namespace

std::string SnapshotKind(const SnapshotHeader& header) {
  return absl::StrCat(header.attention == AttentionKind::kTensor ? "tensor" : "ordinary",
                      " attention, values of ",
                      header.encoding == ValueEncoding::kSigns ? "signs" : "bits");
}

std::vector<SnapshotField> SnapshotFields(const SnapshotHeader& header) {
  const AlgorithmSpec& spec = header.spec;
  FieldList fields;
  fields.Add("magic", std::string(kSnapshotMagic), std::string(kSnapshotMagic));
  fields.AddByte("version", kSnapshotVersion);
  fields.Add("flags", std::string(1, static_cast<char>(FlagsOf(header))),
             SnapshotKind(header));
  fields.AddVarint("d", header.dims);
  fields.AddVarint("tokens", header.tokens);
  fields.AddByte("sections", static_cast<size_t>(header.sections));
  fields.AddLayer("algorithm", *FindAlgorithm(spec.name()).value(), spec);
  fields.AddByte("wrappers", spec.wrappers().size());
  for (const AlgorithmSpec& layer : spec.wrappers()) {
    fields.AddLayer("wrapper", *FindWrapper(layer.name()).value(), layer);
  }
  fields.AddChecksum();
  return fields.Take();
}

}  // namespace kvwire
