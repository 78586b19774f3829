
#include "common/kv/registry.h"
#include "tests/fuzz/seeds.h"

namespace kvwire {
namespace {

// Every layer with all its options, at their defaults.
template <typename Row>
std::string LayerText(const Row& row) {
  std::string text(row.name);
  char separator = ':';
  for (const AlgorithmOption& option : row.options) {
    text += separator;
    text += option.key;
    text += '=';
    text += option.default_value;
    separator = ',';
  }
  return text;
}

}  // namespace

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds = {
      {"empty", ""},
      {"pyramid", "1,2,4,8,16"},
      {"any_scales", "1,2,3,4,5,6,8,10,13,16"},
      {"one_scale", "16"},
      {"wide_scale", "1,65536"},
      {"overflowing_scale", "1,18446744073709551617"},
      {"frame", "packed"},
      {"no_key", "exact:=1"},
      {"no_value", "exact:scale="},
      {"twice", "kivi:bits=2,bits=2"},
      {"leading_zero", "kivi:bits=02"},
      {"scale", "exact:scale=0.125"},
      {"scale_rsqrt", "exact:scale=rsqrt"},
      {"huge_number", "kivi:group=18446744073709551616"},
      {"three_layers", "kivi:bits=4+window:recent=3+ans"},
      {"wrapper_alone", "zstd"},
      {"wrapped_twice", "exact+zstd+zstd"},
      {"long", "exact:" + std::string(250, 'a') + "=1"},
  };
  for (const KvAlgorithm& row : BuiltInAlgorithms()) {
    seeds.push_back({std::string(row.name), LayerText(row)});
  }
  for (const KvWrapper& row : BuiltInWrappers()) {
    seeds.push_back({"exact_" + std::string(row.name), "exact+" + LayerText(row)});
  }
  return seeds;
}

}  // namespace kvwire
