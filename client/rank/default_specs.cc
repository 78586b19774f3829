#include "client/rank/default_specs.h"

#include <algorithm>
#include <string_view>

#include "common/kv/registry.h"

namespace kvwire {
namespace {

// A family a paragraph. Evictors keep 1/16 and 1/4 of the tokens, but
// scalekv, whose 16 observed places are too many for that, 1/4 and 1/2.
constexpr std::string_view kSpecs[] = {
    "exact",
    "float16",
    "bfloat16",
    "bitplane",

    "q8_0",
    "q4_0",
    "kivi:bits=2",
    "kivi:bits=4",
    "skvq",
    "polarquant",
    "qjl:m=128",
    "qjl:m=256",
    "turboquant:bits=1",
    "turboquant:bits=2",
    "turboquant:bits=3",
    "turboquant:bits=4",

    "streaming:window={n/16-4}",
    "streaming:window={n/4-4}",
    "h2o:heavy={n/32},recent={n/32}",
    "h2o:heavy={n/8},recent={n/8}",
    "scissorhands:budget={n/16},recent={n/64}",
    "scissorhands:budget={n/4},recent={n/64}",
    "snapkv:cap={n/16},window={n/64}",
    "snapkv:cap={n/4},window={n/64}",
    "scalekv:budget={n/4}",
    "scalekv:budget={n/2}",
    "uniform:budget={n/16}",
    "uniform:budget={n/4}",

    "subgen:s={n/24},t=2",
    "subgen:s={n/6},t=8",
    "subgen-ratio:t=6",
    "subgen-ratio:t=26",
    "balancekv",
    "scatterbrain",

    "turboquant:bits=2+window:sinks=4,recent=128",
    "float16+zstd",
    "kivi:bits=2+zstd",
    "turboquant:bits=3+ans",
};

std::string_view NameOf(std::string_view spec) {
  return spec.substr(0, spec.find_first_of(":+"));
}

}  // namespace

std::vector<std::string> BaselineSpecs() { return {"zero", "mean"}; }

std::vector<std::string> DefaultComparison() {
  std::vector<std::string> specs = BaselineSpecs();
  for (const std::string_view spec : kSpecs) specs.emplace_back(spec);
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    const bool named = std::any_of(
        specs.begin(), specs.end(),
        [&algorithm](const std::string& spec) { return NameOf(spec) == algorithm.name; });
    if (!named) specs.emplace_back(algorithm.name);
  }
  return specs;
}

}  // namespace kvwire
