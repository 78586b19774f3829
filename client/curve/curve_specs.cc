#include "client/curve/curve_specs.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/rank/default_specs.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

// Denser where the curve is steep.
constexpr double kErrors[kFloorPoints] = {0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07,
                                          0.09,  0.11,  0.13, 0.15, 0.18, 0.2,  0.23,
                                          0.26,  0.3,   0.33, 0.36, 0.4,  0.45};

}  // namespace

std::vector<std::string> CurveSpecs() {
  std::vector<std::string> specs;
  for (const double error : kErrors) specs.push_back(absl::StrCat("floor:error=", error));
  for (const std::string& spec : DefaultComparison()) {
    if (spec != "floor") specs.push_back(spec);
  }
  return specs;
}

bool IsTensorOnly(const std::string& spec) {
  const absl::StatusOr<const KvAlgorithm*> algorithm =
      FindAlgorithm(spec.substr(0, spec.find_first_of(":+")));
  return algorithm.ok() && (*algorithm)->attention == AttentionSupport::kTensor;
}

}  // namespace kvwire
