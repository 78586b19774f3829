#include <utility>

#include "tests/fuzz/seeds.h"
#include "tests/var/safetensors_bytes.h"

namespace kvwire {

std::vector<Seed> Seeds() {
  const std::string one = FloatBytes({1, -2});
  const std::string nan = HalfwordBytes({0x7e00, 0x3c00});
  const auto file = [](const std::string& dtype, const std::string& shape,
                       const std::string& bytes) {
    return SafetensorsBytes({{"weight", dtype, shape, bytes}});
  };
  const auto header = [](const std::string& text, const std::string& data = "") {
    return SafetensorsBytes(text, data);
  };
  return {
      {"empty_file", ""},
      {"no_tensor", header("{}")},
      {"f32_vector", file("F32", "[2]", one)},
      {"f32_matrix", file("F32", "[2,1]", one)},
      {"f32_scalar", file("F32", "[]", FloatBytes({1}))},
      {"f32_empty", file("F32", "[0,3]", "")},
      {"f16_matrix", file("F16", "[1,2]", HalfwordBytes({0x3c00, 0xc000}))},
      {"f16_nan", file("F16", "[2]", nan)},
      {"bf16_matrix", file("BF16", "[2,1]", HalfwordBytes({0x3f80, 0xc000}))},
      {"i64_vector", file("I64", "[1]", one)},
      {"bool_cube", file("BOOL", "[2,1,1]", "\1\1")},
      {"two_tensors",
       SafetensorsBytes({{"keys", "F32", "[1,2]", one}, {"values", "F32", "[2]", one}})},
      {"wrong_size", file("F32", "[3]", one)},
      {"overflowing_shape", file("F32", "[4294967296,4294967296,4]", one)},
      {"negative_shape", file("F32", "[-1]", one)},
      {"huge_shape", file("F32", "[9223372036854775807]", one)},
      {"fractional_shape", file("F32", "[2.0]", one)},
      {"unknown_dtype", file("F4", "[2]", one)},
      {"long_length", std::string(8, '\xff') + "{}"},
      {"not_an_object", header("[1,2]")},
      {"named_twice", header(R"({"a":{},"a":{}})")},
      {"metadata_numbers", header(R"({"__metadata__":{"a":1}})")},
      {"metadata_escapes", header(R"({"__metadata__":{"a\u0000":"\ud83d\ude00"}})")},
      {"nested", header(R"({"a":{"shape":[[[[1]]]]}})")},
      {"no_offsets", header(R"({"a":{"dtype":"F32","shape":[2]}})", one)},
      {"offsets_backwards",
       header(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[8,0]}})", one)},
      {"hole", header(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", one)},
      {"overlap", header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                         R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                         one)},
      {"nul_in_text", header(std::string("{}\0 ", 4))},
  };
}

}  // namespace kvwire
