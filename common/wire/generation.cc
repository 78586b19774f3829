#include "common/wire/generation.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/checksum.h"
#include "common/base/status_macros.h"
#include "common/reduction/parameters.h"
#include "common/wire/rows.h"

namespace kvwire {
namespace {

constexpr size_t kSha256Bytes = 32;

std::string WeightsDigest(const VarWeights& weights) {
  Sha256 hash;
  for (const Matrix* matrix : {&weights.w_q, &weights.w_k, &weights.w_v}) {
    hash.Update(RowsToBytes(*matrix));
  }
  return hash.Finish();
}

absl::Status CheckGeneration(const v1::GenerationParameters& proto) {
  if (proto.scale_sides_size() < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("generation: there must be at least 2 scales, the last one Bob's, not ",
                     proto.scale_sides_size()));
  }
  if (proto.bob_scales() < 1 || proto.bob_scales() > proto.scale_sides_size()) {
    return absl::InvalidArgumentError(absl::StrCat("generation: Bob must generate from 1 to ",
                                                   proto.scale_sides_size(), " scales, not ",
                                                   proto.bob_scales()));
  }
  if (proto.dims() < 1 || proto.dims() > kMaxVarDims) {
    return absl::InvalidArgumentError(
        absl::StrCat("generation: d must be from 1 to ", kMaxVarDims, ", not ", proto.dims()));
  }
  if (proto.seed() < 0 || static_cast<uint64_t>(proto.seed()) >= kSeedLimit) {
    return absl::InvalidArgumentError(absl::StrCat("generation: the seed must be below ",
                                                   kSeedLimit, ", not ", proto.seed()));
  }
  if (!proto.weights_sha256().empty() && proto.weights_sha256().size() != kSha256Bytes) {
    return absl::InvalidArgumentError("generation: the weights' SHA-256 must have 32 bytes");
  }
  const size_t characters = proto.algorithm().size();
  if (characters < 1 || characters > kMaxAlgorithmCharacters) {
    return absl::InvalidArgumentError(
        absl::StrCat("generation: the algorithm must have from 1 to ", kMaxAlgorithmCharacters,
                     " characters, not ", characters));
  }
  return absl::OkStatus();
}

int64_t TokensOf(const std::vector<int64_t>& sides, int64_t first, int64_t last) {
  int64_t tokens = 0;
  for (int64_t k = first; k < last; ++k) {
    tokens += sides[static_cast<size_t>(k)] * sides[static_cast<size_t>(k)];
  }
  return tokens;
}

}  // namespace

int64_t Generation::AliceTokens() const { return TokensOf(options.sides, 0, handover()); }

int64_t Generation::BobTokens() const {
  return TokensOf(options.sides, handover(), static_cast<int64_t>(options.sides.size()));
}

int64_t Generation::HandoverMapBytes() const {
  const int64_t side =
      handover() == 0 ? 1 : options.sides[static_cast<size_t>(handover() - 1)];
  return side * side * dims * int64_t{sizeof(float)};
}

absl::StatusOr<ModelWeights> ReadModelWeights(const std::string& path) {
  KVWIRE_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(path));
  const auto found = file.header().find("W_Q");
  if (found == file.header().end() || found->second.shape.size() != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " holds no matrix W_Q; W_Q, W_K and W_V must be there, [d, d]"));
  }
  const int64_t dims = found->second.shape[0];
  if (dims < 1 || dims > kMaxVarDims) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": W_Q has d = ", dims, ", which must be from 1 to ", kMaxVarDims));
  }
  ModelWeights model;
  KVWIRE_ASSIGN_OR_RETURN(model.weights, ReadVarWeights(file, "", /*seed=*/1, dims));
  model.has_initial_token = file.header().contains("X_init");
  model.sha256 = WeightsDigest(model.weights);
  return model;
}

absl::StatusOr<std::optional<ModelWeights>> WeightsOfFlag(const std::string& path) {
  if (path.empty()) return std::nullopt;
  absl::StatusOr<ModelWeights> model = ReadModelWeights(path);
  if (model.ok()) return *std::move(model);
  if (absl::IsDataLoss(model.status())) return model.status();
  return absl::InvalidArgumentError(model.status().message());
}

v1::GenerationParameters GenerationToProto(const Generation& generation) {
  v1::GenerationParameters proto;
  const VarOptions& options = generation.options;
  proto.mutable_scale_sides()->Add(options.sides.begin(), options.sides.end());
  proto.set_dims(generation.dims);
  proto.set_interpolation(std::string(UpInterpolationName(options.interpolation)));
  proto.set_score_scale(
      options.scale.value_or(1 / std::sqrt(static_cast<double>(generation.dims))));
  proto.set_position_amplitude(options.position_amplitude);
  proto.set_seed(static_cast<int64_t>(options.seed));
  proto.set_weights_sha256(generation.weights_sha256);
  proto.set_algorithm(generation.algorithm);
  proto.set_bob_scales(generation.bob_scales);
  return proto;
}

absl::StatusOr<Generation> GenerationFromProto(const v1::GenerationParameters& proto) {
  KVWIRE_RETURN_IF_ERROR(CheckGeneration(proto));
  Generation generation{.dims = proto.dims(),
                        .weights_sha256 = proto.weights_sha256(),
                        .algorithm = proto.algorithm(),
                        .bob_scales = proto.bob_scales()};
  generation.options.sides.assign(proto.scale_sides().begin(), proto.scale_sides().end());
  KVWIRE_ASSIGN_OR_RETURN(generation.options.interpolation,
                          ParseUpInterpolation(proto.interpolation()));
  generation.options.scale = proto.score_scale();
  generation.options.position_amplitude = proto.position_amplitude();
  generation.options.seed = static_cast<uint64_t>(proto.seed());
  // Before weights are drawn, copied or multiplied.
  KVWIRE_RETURN_IF_ERROR(CheckVarOptions(generation.options, generation.dims));
  return generation;
}

std::string GenerationDigest(const Generation& generation) {
  const v1::GenerationParameters proto = GenerationToProto(generation);
  // %a of a double is exact; the algorithm is the only free text and comes last.
  const std::string text = absl::StrCat(
      "kvwire-generation-2 scales=", absl::StrJoin(proto.scale_sides(), ","),
      " d=", proto.dims(), " interpolation=", proto.interpolation(),
      " scale=", HexadecimalText(proto.score_scale()),
      " positions=", HexadecimalText(proto.position_amplitude()), " seed=", proto.seed(),
      " weights=", absl::BytesToHexString(proto.weights_sha256()), " bob=", proto.bob_scales(),
      " algorithm=", proto.algorithm());
  return Sha256Of(text).substr(0, kParametersDigestBytes);
}

v1::CacheParameters CacheParametersOf(const Generation& generation) {
  v1::CacheParameters proto;
  proto.set_algorithm(generation.algorithm);
  proto.set_dims(generation.dims);
  proto.set_token_count(generation.AliceTokens());
  proto.set_query_count(generation.BobTokens());
  proto.set_seed(static_cast<int64_t>(generation.options.seed));
  proto.set_attention(v1::ATTENTION_KIND_ORDINARY);
  return proto;
}

absl::StatusOr<VarTransformer> MakeTransformer(const Generation& generation,
                                               const std::optional<ModelWeights>& model,
                                               Matrix x_init) {
  VarWeights weights;
  if (generation.weights_sha256.empty()) {
    KVWIRE_ASSIGN_OR_RETURN(weights,
                            SeededVarWeights(generation.options.seed, generation.dims));
  } else if (model.has_value() && model->sha256 == generation.weights_sha256) {
    weights = model->weights;
  } else {
    return absl::FailedPreconditionError(
        absl::StrCat("the generation is of weights with SHA-256 ",
                     absl::BytesToHexString(generation.weights_sha256), "; this service has ",
                     model.has_value() ? absl::BytesToHexString(model->sha256) : "none",
                     ": start it with --weights FILE"));
  }
  weights.x_init = std::move(x_init);
  return VarTransformer::Create(std::move(weights), generation.options);
}

absl::StatusOr<Matrix> AttendScale(AlgorithmSession& session, const ScaleTokens& tokens,
                                   v1::IngestResponse& state) {
  const int64_t total = tokens.queries.rows();
  const int64_t step = RowsPerMessage(tokens.queries.cols());
  const auto write_blocks = [&](AlgorithmSession::BlockWriter write) -> absl::Status {
    for (int64_t first = 0; first < total; first += step) {
      const int64_t rows = std::min(step, total - first);
      v1::IngestRequest block;
      block.set_rows(rows);
      block.set_queries(RowsToBytes(tokens.queries.middleRows(first, rows)));
      block.set_keys(RowsToBytes(tokens.keys.middleRows(first, rows)));
      block.set_values(RowsToBytes(tokens.values.middleRows(first, rows)));
      block.set_closes_scale(first + rows == total);
      KVWIRE_RETURN_IF_ERROR(write(block));
    }
    return absl::OkStatus();
  };
  KVWIRE_ASSIGN_OR_RETURN(state, session.Ingest(write_blocks));
  return session.Attend(tokens.queries);
}

}  // namespace kvwire
