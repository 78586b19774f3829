// Restoring any bytes as a state of any algorithm (snapshot_input.h has the form of the
// input): an error of those documented, or a state that is written as it was read, answers
// in finite numbers, and goes on as any other.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/checksum.h"
#include "common/kv/snapshot.h"
#include "common/kv/snapshot_inspection.h"
#include "tests/fuzz/fuzz_require.h"
#include "tests/fuzz/snapshot_input.h"

namespace kvwire {
namespace {

using Code = absl::StatusCode;

std::string SnapshotOf(const KvCache& cache, const CacheSetup& setup) {
  std::string bytes;
  RequireOk(WriteSnapshot(cache, setup,
                          [&bytes](std::string_view piece) {
                            bytes.append(piece);
                            return absl::OkStatus();
                          }),
            "a state can be written");
  return bytes;
}

absl::StatusOr<std::unique_ptr<KvCache>> Restore(const CacheSetup& setup,
                                                 std::string_view bytes, size_t piece) {
  auto reader = SnapshotReader::Create(setup);
  RequireOk(reader.status(), "the setup was tried before");
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    const absl::Status status = (*reader)->Append(bytes.substr(0, piece));
    if (!status.ok()) return status;
  }
  return (*reader)->Finish();
}

// What the container says of itself is what the cache says.
void RequireInspectionAgrees(const KvCache& cache, std::string_view bytes) {
  SnapshotInspector inspector;
  RequireOk(inspector.Append(bytes), "what can be restored can be inspected");
  const auto found = inspector.Finish();
  RequireOk(found.status(), "what can be restored can be inspected");
  Require(found->PayloadBits() == cache.StateBits(), "the state has the bits it claims");
  Require(found->bytes == static_cast<int64_t>(bytes.size()), "every byte is counted");
  Require(found->header.tokens == cache.tokens(), "the tokens are those of the header");
}

// The outputs, [2, d], of a cache for two queries.
absl::StatusOr<Matrix> AnswersOf(const KvCache& cache, const CacheSetup& setup) {
  Matrix queries = Matrix::Ones(2, setup.dims);
  setup.frame->Fill(0, queries.topRows(1));
  Matrix answers = Matrix::Zero(2, setup.dims);
  const absl::Status status = cache.Attend(queries, answers);
  if (!status.ok()) return status;
  Require(answers.allFinite(), "an answer is finite");
  return answers;
}

void RequireAnswers(const KvCache& cache, const CacheSetup& setup) {
  const auto answers = AnswersOf(cache, setup);
  if (answers.ok()) return;
  RequireCode(answers.status(),
              {cache.tokens() == 0 ? Code::kFailedPrecondition : Code::kOutOfRange});
}

// The same snapshot in small pieces gives the same cache.
void RequireSameFromPieces(const KvCache& cache, const CacheSetup& setup,
                           const std::string& written) {
  const auto again = Restore(setup, written, 7);
  RequireOk(again.status(), "the snapshot of a state can be restored");
  Require(SnapshotOf(**again, setup) == written, "a restored state is the state");
  const auto first = AnswersOf(cache, setup);
  const auto second = AnswersOf(**again, setup);
  Require(first.status() == second.status(), "equal states give equal errors");
  if (first.ok()) Require(*first == *second, "equal states give equal answers");
}

// The next two tokens of the stream; an error must leave the state as it was.
void RequireGoesOn(KvCache& cache, const CacheSetup& setup, const std::string& before) {
  Matrix keys = Matrix::Ones(2, setup.row_width());
  setup.frame->Fill(0, keys.leftCols(setup.dims));
  const Matrix values = Matrix::Ones(2, setup.row_width());
  const Matrix queries = Matrix::Ones(2, setup.dims);
  const absl::Status status = cache.Append({.rows = 2,
                                            .queries = queries.data(),
                                            .keys = keys.data(),
                                            .values = values.data(),
                                            .closes_scale = true});
  const std::string after = SnapshotOf(cache, setup);
  if (!status.ok()) {
    RequireCode(status, {Code::kInvalidArgument, Code::kFailedPrecondition,
                         Code::kResourceExhausted, Code::kOutOfRange});
    Require(after == before, "a refused block leaves nothing behind");
    return;
  }
  const auto restored = Restore(setup, after, std::string_view::npos);
  RequireOk(restored.status(), "the snapshot of a state can be restored");
  Require(SnapshotOf(**restored, setup) == after, "a restored state is the state");
}

// Not everything is tried of every state: the more inputs a second, the more states.
void RequireSound(KvCache& cache, const CacheSetup& setup, std::string_view bytes) {
  const std::string written = SnapshotOf(cache, setup);
  // A frame of zstd has more than one spelling.
  const bool one_spelling = setup.spec.ToString().find("+zstd") == std::string::npos;
  if (one_spelling) Require(written == bytes, "a state has one spelling");
  RequireAnswers(cache, setup);
  const uint32_t choice = Crc32c(bytes) % 4;
  if (choice == 0 || !one_spelling) {
    RequireInspectionAgrees(cache, written);
    RequireSameFromPieces(cache, setup, written);
  }
  if (choice == 1) RequireGoesOn(cache, setup, written);
}

}  // namespace
}  // namespace kvwire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kvwire;
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::optional<CacheSetup> setup = SetupOfInput(data[0], bytes);
  if (!setup.has_value()) return 0;
  auto reader = SnapshotReader::Create(*setup);
  if (!reader.ok()) {
    RequireCode(reader.status(), {Code::kInvalidArgument, Code::kResourceExhausted});
    return 0;
  }
  absl::Status status = (*reader)->Append(bytes);
  auto cache = (*reader)->Finish();
  if (cache.ok()) {
    RequireSound(**cache, *setup, bytes);
  } else {
    Require(status.ok() || status == cache.status(), "an error is final");
    RequireCode(cache.status(),
                {Code::kDataLoss, Code::kFailedPrecondition, Code::kResourceExhausted});
  }
  return 0;
}
