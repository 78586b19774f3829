#include "common/workload/var_workload.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/registry.h"
#include "common/var/cached_generation.h"
#include "common/var/var_transformer.h"

namespace kvwire {
namespace {

absl::Status CheckSizes(const VarOptions& options, int64_t dims) {
  if (dims < 1 || dims > kMaxVarDims) {
    return absl::InvalidArgumentError(
        absl::StrCat("a VAR workload: d must be from 1 to ", kMaxVarDims, ", not ", dims));
  }
  KVWIRE_RETURN_IF_ERROR(CheckVarOptions(options, dims));
  const std::vector<int64_t>& sides = options.sides;
  if (sides.size() < 2) {
    return absl::InvalidArgumentError(
        "a VAR workload needs two maps: one to cache, one to ask from");
  }
  int64_t tokens = 0;
  for (const int64_t side : sides) tokens += side * side;
  if (tokens <= kMaxWorkloadNumbers / dims) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("a VAR workload of ", tokens, " tokens of ",
                                                 dims, " coordinates: n d must be at most ",
                                                 kMaxWorkloadNumbers));
}

void StoreScale(const ScaleTokens& tokens, int64_t first, AttentionWorkload& out) {
  const int64_t rows = tokens.keys.rows();
  out.token_queries.middleRows(first, rows) = tokens.queries;
  out.keys.middleRows(first, rows) = tokens.keys;
  out.values.middleRows(first, rows) = tokens.values;
  out.scale_tokens.push_back(rows);
}

}  // namespace

absl::StatusOr<AttentionWorkload> GenerateVarWorkload(const std::vector<int64_t>& sides,
                                                      int64_t dims, uint64_t seed) {
  const VarOptions options{.sides = sides, .seed = seed};
  KVWIRE_RETURN_IF_ERROR(CheckSizes(options, dims));
  KVWIRE_ASSIGN_OR_RETURN(VarWeights weights, SeededVarWeights(seed, dims));
  KVWIRE_ASSIGN_OR_RETURN(const VarTransformer transformer,
                          VarTransformer::Create(std::move(weights), options));
  CacheSetup setup;
  setup.dims = dims;
  KVWIRE_ASSIGN_OR_RETURN(setup.spec, ParseBuiltInSpec("exact"));
  KVWIRE_ASSIGN_OR_RETURN(const auto cache, CreateCache(setup));

  const int64_t maps = transformer.scales();
  const int64_t total = transformer.TokensBefore(maps);
  AttentionWorkload out;
  out.token_queries.resize(total, dims);
  out.keys.resize(total, dims);
  out.values.resize(total, dims);
  KVWIRE_ASSIGN_OR_RETURN(const Matrix last_kept,
                          transformer.Generate(1, maps - 1, transformer.weights().x_init,
                                               [&](const ScaleTokens& tokens) {
                                                 StoreScale(tokens, cache->tokens(), out);
                                                 return AttendScale(*cache, tokens);
                                               }));
  KVWIRE_ASSIGN_OR_RETURN(const Matrix last_map, transformer.TokenMap(maps, last_kept));
  out.queries = transformer.Project(last_map).queries;
  return out;
}

}  // namespace kvwire
