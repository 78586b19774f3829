// The wrapper ans: the numbers of each section in as many bits as they are worth, learnt
// column by column as they are read: CacheGen's entropy stage (Liu et al. 2024) without its
// tables, whose 33 numbers of 16 bits a channel are sent with every 256 tokens.

#include <memory>
#include <utility>

#include "common/coding/symbol_coder.h"
#include "common/kv/compressed_cache.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

// The bytes of a number, if the symbols are bytes of numbers.
int64_t KindsOf(const SnapshotSection& section) {
  if (section.symbol_bits != 8) return 1;
  switch (section.content) {
    case SectionContent::kRows32:
    case SectionContent::kQueries:
      return 4;
    case SectionContent::kRows16:
    case SectionContent::kRowsBf16:
      return 2;
    default:
      return 1;
  }
}

SymbolShape ShapeOf(const SnapshotSection& section) {
  const int64_t kinds = KindsOf(section);
  const bool whole_numbers = section.row_symbols % kinds == 0;
  return {section.symbol_bits, whole_numbers ? section.row_symbols : kinds, kinds};
}

template <typename Coder>
class SymbolFilter : public ByteFilter {
 public:
  explicit SymbolFilter(const SnapshotSection& section)
      : coder_(ShapeOf(section), section.bits) {}

  absl::Status Append(std::string_view bytes, ByteSink sink) override {
    return coder_.Append(bytes, sink);
  }
  absl::Status Finish(ByteSink sink) override { return coder_.Finish(sink); }

 private:
  Coder coder_;
};

class AnsCodec : public SectionCodec {
 public:
  std::unique_ptr<ByteFilter> NewEncoder(const SnapshotSection& section) const override {
    return std::make_unique<SymbolFilter<SymbolEncoder>>(section);
  }
  std::unique_ptr<ByteFilter> NewDecoder(const SnapshotSection& section) const override {
    return std::make_unique<SymbolFilter<SymbolDecoder>>(section);
  }
  bool has_one_spelling() const override { return true; }
};

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup, const AlgorithmSpec&,
                                                std::unique_ptr<KvCache> inner) {
  return std::make_unique<CompressedCache>(setup, std::move(inner),
                                           std::make_unique<AnsCodec>());
}

}  // namespace

KvWrapper DescribeAns() {
  return {
      .name = "ans",
      .code = 3,
      .summary = "every section through an adaptive range-ANS coder, column by column",
      .reference = "Liu et al. 2024 (CacheGen), arXiv 2310.07240; Duda 2013, arXiv 1311.2540",
      .codes_sections = true,
      .create = Create};
}

}  // namespace kvwire
