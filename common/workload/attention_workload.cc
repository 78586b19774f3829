#include "common/workload/attention_workload.h"

#include "absl/strings/str_cat.h"

namespace kvwire {

absl::Status CheckScaleTokens(int64_t scale_tokens) {
  if (scale_tokens >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("scales of ", scale_tokens, " tokens: there must be one at least"));
}

std::vector<int64_t> EvenScales(int64_t tokens, int64_t scale_tokens) {
  std::vector<int64_t> scales(static_cast<size_t>(tokens / scale_tokens), scale_tokens);
  if (tokens % scale_tokens != 0) scales.push_back(tokens % scale_tokens);
  return scales;
}

}  // namespace kvwire
