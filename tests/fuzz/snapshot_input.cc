#include "tests/fuzz/snapshot_input.h"

#include <map>

#include "common/base/checksum.h"
#include "common/kv/registry.h"
#include "common/kv/snapshot_header.h"

namespace kvwire {
namespace {

constexpr int kAlgorithmBits = 6;
constexpr int64_t kDims = 4;
// Small, so that the target is fast and an input cannot ask for much.
constexpr int64_t kMostDims = 32;
constexpr int64_t kFrameRows = 8;
constexpr int64_t kMemoryLimitBytes = 1 << 18;

template <typename Row>
const Row* RowOfCode(absl::Span<const Row> table, int code) {
  for (const Row& row : table) {
    if (row.code == code) return &row;
  }
  return nullptr;
}

const KeyFrame& FrameOf(int64_t dims) {
  static auto* const frames = new std::map<int64_t, KeyFrame>();
  const auto found = frames->find(dims);
  if (found != frames->end()) return found->second;
  KeyFrame frame = KeyFrame::Create(KeyFrameKind::kUnit, 7, kFrameRows, dims).value();
  return frames->emplace(dims, std::move(frame)).first->second;
}

// Whether a cache of this setup needs a code: found by trial, which takes seconds under
// sanitizers, and then designed for each cache, which takes milliseconds.
bool NeedsCode(const AlgorithmSpec& spec) {
  const auto error = spec.options().find("error");
  return spec.name() == "floor" && (error == spec.options().end() || error->second != "0");
}

// One code is enough, and a few caches with it.
bool IsWorthACode(const CacheSetup& setup, std::string_view snapshot) {
  constexpr uint32_t kOneIn = 64;
  return setup.dims == kDims && setup.spec.options().empty() && Crc32c(snapshot) % kOneIn == 0;
}

std::optional<AlgorithmSpec> DefaultSpec(uint8_t first) {
  const KvAlgorithm* algorithm = RowOfCode(BuiltInAlgorithms(), first % (1 << kAlgorithmBits));
  if (algorithm == nullptr) return std::nullopt;
  AlgorithmSpec spec = AlgorithmSpec::Parse(algorithm->name).value();
  const int wrapper_code = first >> kAlgorithmBits;
  if (wrapper_code == 0) return spec;
  const KvWrapper* wrapper = RowOfCode(BuiltInWrappers(), wrapper_code);
  if (wrapper == nullptr) return std::nullopt;
  spec.Wrap(AlgorithmSpec::Parse(wrapper->name).value());
  return spec;
}

}  // namespace

std::optional<CacheSetup> SetupOfInput(uint8_t first, std::string_view snapshot) {
  std::optional<AlgorithmSpec> spec = DefaultSpec(first);
  if (!spec.has_value()) return std::nullopt;
  CacheSetup setup{.spec = *std::move(spec), .dims = kDims};
  const auto parsed = ParseSnapshotHeader(snapshot);
  if (parsed.ok() && parsed->header.has_value() &&
      FirstByteOf(parsed->header->spec) == first) {
    const SnapshotHeader& header = *parsed->header;
    setup.spec = header.spec;
    setup.attention = header.attention;
    setup.encoding = header.encoding;
    if (header.dims <= kMostDims) setup.dims = header.dims;
  } else if (FindAlgorithm(setup.spec.name()).value()->attention ==
             AttentionSupport::kTensor) {
    setup.attention = AttentionKind::kTensor;
  }
  if (NeedsCode(setup.spec) && !IsWorthACode(setup, snapshot)) return std::nullopt;
  setup.frame = FrameOf(setup.dims);
  setup.memory_limit_bytes = kMemoryLimitBytes;
  return setup;
}

uint8_t FirstByteOf(const AlgorithmSpec& spec) {
  const auto algorithm = FindAlgorithm(spec.name());
  if (!algorithm.ok() || spec.wrappers().size() > 1) return 0;
  uint8_t first = (*algorithm)->code;
  if (!spec.wrappers().empty()) {
    const auto wrapper = FindWrapper(spec.wrappers().front().name());
    if (!wrapper.ok()) return 0;
    first = static_cast<uint8_t>(first + ((*wrapper)->code << kAlgorithmBits));
  }
  return first;
}

}  // namespace kvwire
