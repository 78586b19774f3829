#include <cstring>

#include "common/kv/registry.h"
#include "common/kv/snapshot.h"
#include "kvwire/v1/algorithm.pb.h"
#include "tests/fuzz/algorithm_calls.h"
#include "tests/fuzz/fuzz_require.h"
#include "tests/fuzz/records.h"
#include "tests/fuzz/seeds.h"

namespace kvwire {
namespace {

constexpr int64_t kDims = 2;
constexpr int64_t kTokens = 4;

// What Open asks for, and the setup that it means.
struct Asked {
  v1::OpenRequest request;
  CacheSetup setup;
};

Asked Ask(const std::string& algorithm) {
  Asked asked{
      .setup = {.spec = ParseBuiltInSpec(algorithm).value(), .dims = kDims, .seed = 1}};
  asked.setup.frame = KeyFrame::Create(KeyFrameKind::kUnit, 1, kTokens, kDims).value();
  const bool tensor =
      FindAlgorithm(asked.setup.spec.name()).value()->attention == AttentionSupport::kTensor;
  asked.setup.attention = tensor ? AttentionKind::kTensor : AttentionKind::kOrdinary;
  asked.request.set_protocol_version(1);
  v1::CacheParameters& parameters = *asked.request.mutable_parameters();
  parameters.set_algorithm(algorithm);
  parameters.set_dims(kDims);
  parameters.set_token_count(kTokens);
  parameters.set_frame(v1::KEY_FRAME_KIND_UNIT);
  parameters.set_seed(1);
  parameters.set_sharpness(2);
  parameters.set_attention(tensor ? v1::ATTENTION_KIND_TENSOR : v1::ATTENTION_KIND_ORDINARY);
  return asked;
}

template <typename Request>
Record RecordOf(AlgorithmCall call, const Request& request) {
  return {static_cast<uint8_t>(call), request.SerializeAsString()};
}

std::string Floats(const Matrix& rows) {
  std::string bytes(sizeof(float) * static_cast<size_t>(rows.size()), '\0');
  std::memcpy(bytes.data(), rows.data(), bytes.size());
  return bytes;
}

// The first two keys of the frame, with ones in the second half of tensor attention.
Matrix KeysOf(const CacheSetup& setup) {
  Matrix keys = Matrix::Ones(2, setup.row_width());
  setup.frame->Fill(0, keys.leftCols(kDims));
  return keys;
}

Record IngestOf(const CacheSetup& setup) {
  v1::IngestRequest request;
  request.set_session_id(1);
  request.set_rows(2);
  request.set_queries(Floats(Matrix::Ones(2, kDims)));
  request.set_keys(Floats(KeysOf(setup)));
  request.set_values(Floats(Matrix::Ones(2, setup.row_width())));
  request.set_closes_scale(true);
  return RecordOf(AlgorithmCall::kIngest, request);
}

Record AttendOf(int64_t session) {
  v1::AttendRequest request;
  request.set_session_id(session);
  request.set_rows(1);
  request.set_queries(Floats(Matrix::Ones(1, kDims)));
  return RecordOf(AlgorithmCall::kAttend, request);
}

// The snapshot of a cache of two tokens, in two requests.
std::vector<Record> RestoreOf(const Asked& asked) {
  const auto cache = CreateCache(asked.setup).value();
  const Matrix keys = KeysOf(asked.setup);
  const Matrix values = Matrix::Ones(2, asked.setup.row_width());
  RequireOk(cache->Append({.rows = 2, .keys = keys.data(), .values = values.data()}),
            "tokens");
  v1::RestoreRequest first;
  *first.mutable_open() = asked.request;
  v1::RestoreRequest second;
  RequireOk(WriteSnapshot(*cache, asked.setup,
                          [&second](std::string_view piece) {
                            second.mutable_data()->append(piece);
                            return absl::OkStatus();
                          }),
            "snapshot");
  first.set_data(second.data().substr(0, 9));
  second.set_data(second.data().substr(9));
  return {RecordOf(AlgorithmCall::kRestore, first), RecordOf(AlgorithmCall::kRestore, second)};
}

Seed WholeRun(const std::string& name, const std::string& algorithm) {
  const Asked asked = Ask(algorithm);
  v1::SnapshotRequest snapshot;
  snapshot.set_session_id(1);
  v1::CloseRequest close;
  close.set_session_id(1);
  std::vector<Record> records = {RecordOf(AlgorithmCall::kOpen, asked.request),
                                 IngestOf(asked.setup),
                                 RecordOf(AlgorithmCall::kSnapshot, snapshot), AttendOf(1)};
  for (Record& record : RestoreOf(asked)) records.push_back(std::move(record));
  records.push_back(AttendOf(2));
  records.push_back(RecordOf(AlgorithmCall::kClose, close));
  return {name, BytesOf(records)};
}

}  // namespace

std::vector<Seed> Seeds() {
  const Asked exact = Ask("exact");
  const Record open = RecordOf(AlgorithmCall::kOpen, exact.request);
  const Record ingest = IngestOf(exact.setup);
  v1::OpenRequest other_version = exact.request;
  other_version.set_protocol_version(2);
  v1::OpenRequest packed = exact.request;
  packed.mutable_parameters()->set_frame(v1::KEY_FRAME_KIND_PACKED);
  v1::OpenRequest endless = exact.request;
  endless.mutable_parameters()->set_token_count(int64_t{1} << 60);
  v1::IngestRequest many_zeros;
  many_zeros.set_session_id(1);
  many_zeros.set_rows(int64_t{1} << 62);
  std::vector<Seed> seeds = {
      {"nothing", ""},
      {"no_session", BytesOf({ingest, AttendOf(7)})},
      {"two_blocks", BytesOf({open, ingest, ingest, AttendOf(1)})},
      {"open_in_between", BytesOf({open, ingest, open, ingest})},
      {"nothing_ingested", BytesOf({open, AttendOf(1)})},
      {"other_version", BytesOf({RecordOf(AlgorithmCall::kOpen, other_version)})},
      {"packed", BytesOf({RecordOf(AlgorithmCall::kOpen, packed), ingest})},
      {"endless_frame", BytesOf({RecordOf(AlgorithmCall::kOpen, endless)})},
      {"many_zeros", BytesOf({open, RecordOf(AlgorithmCall::kIngest, many_zeros), ingest})},
      {"restored_twice", BytesOf({RestoreOf(exact)[0], RestoreOf(exact)[0]})},
      {"half_a_snapshot", BytesOf({RestoreOf(exact)[0]})},
  };
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    // Its codes take long to find.
    if (algorithm.name == "floor") continue;
    const std::string name(algorithm.name);
    seeds.push_back(WholeRun(name, name));
  }
  seeds.push_back(WholeRun("wrapped", "exact+window:recent=1+ans"));
  return seeds;
}

}  // namespace kvwire
