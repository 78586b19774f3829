#include "common/workload/dump_workload.h"

#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/var/safetensors.h"

namespace kvwire {
namespace {

// Reads a matrix of any number of rows. `dims` is what it must have a row; 0: any.
absl::StatusOr<Matrix> ReadMatrix(const SafetensorsFile& file, const std::string& path,
                                  std::string_view name, int64_t dims) {
  const auto found = file.header().find(name);
  // The reader names the tensors that there are.
  if (found == file.header().end()) return file.Read(name, 1, 1);
  const std::vector<int64_t>& shape = found->second.shape;
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1 ||
      shape[0] > kMaxWorkloadNumbers / shape[1]) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": tensor ", QuotedTensorName(name),
                                                   " must have two dimensions, and from 1 to ",
                                                   kMaxWorkloadNumbers, " numbers"));
  }
  return file.Read(name, shape[0], dims > 0 ? dims : shape[1]);
}

absl::StatusOr<Matrix> ReadTokenQueries(const SafetensorsFile& file,
                                        const AttentionWorkload& workload) {
  constexpr std::string_view kName = "token_queries";
  if (file.header().contains(kName)) {
    return file.Read(kName, workload.tokens(), workload.dims());
  }
  if (workload.queries.rows() == workload.tokens()) return workload.queries;
  return Matrix::Zero(workload.tokens(), workload.dims()).eval();
}

}  // namespace

absl::StatusOr<AttentionWorkload> ReadDumpWorkload(const std::string& path,
                                                   int64_t scale_tokens) {
  KVWIRE_RETURN_IF_ERROR(CheckScaleTokens(scale_tokens));
  KVWIRE_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(path));
  AttentionWorkload out;
  KVWIRE_ASSIGN_OR_RETURN(out.keys, ReadMatrix(file, path, "keys", 0));
  KVWIRE_ASSIGN_OR_RETURN(out.values, file.Read("values", out.tokens(), out.dims()));
  KVWIRE_ASSIGN_OR_RETURN(out.queries, ReadMatrix(file, path, "queries", out.dims()));
  KVWIRE_ASSIGN_OR_RETURN(out.token_queries, ReadTokenQueries(file, out));
  out.scale_tokens = EvenScales(out.tokens(), scale_tokens);
  return out;
}

}  // namespace kvwire
