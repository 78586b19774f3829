// Reading any text as an algorithm, as scales and as the name of a key frame: a documented
// error, or what has one spelling that reads as itself.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/attention/key_frame.h"
#include "common/kv/registry.h"
#include "common/reduction/scales.h"
#include "tests/fuzz/fuzz_require.h"

namespace kvwire {
namespace {

using Code = absl::StatusCode;

void TrySpec(std::string_view text) {
  const auto spec = AlgorithmSpec::Parse(text);
  const auto built_in = ParseBuiltInSpec(text);
  if (!spec.ok()) {
    RequireCode(spec.status(), {Code::kInvalidArgument});
    Require(!built_in.ok(), "what is no spec is no built-in one");
    return;
  }
  const std::string canonical = spec->ToString();
  const auto again = AlgorithmSpec::Parse(canonical);
  RequireOk(again.status(), "the one spelling is a spelling");
  Require(again->ToString() == canonical, "there is one spelling");
  Require(canonical.size() == text.size(), "nothing is added or left out");
  if (!built_in.ok()) {
    return RequireCode(built_in.status(), {Code::kInvalidArgument, Code::kNotFound});
  }
  const auto reduced = ParseBuiltInSpec(built_in->ToString());
  RequireOk(reduced.status(), "defaults that are left out stay left out");
  Require(reduced->ToString() == built_in->ToString(), "equal algorithms have equal text");
}

void TryScales(std::string_view text) {
  const auto scales = Scales::Parse(text);
  if (!scales.ok()) return RequireCode(scales.status(), {Code::kInvalidArgument});
  const auto again = Scales::Parse(scales->ToString());
  RequireOk(again.status(), "scales are read as they are written");
  Require(again->tokens() == scales->tokens() && again->queries() == scales->queries(),
          "scales are read as they are written");
  Require(scales->tokens() > 0 && scales->queries() > 0, "scales hold tokens");
}

void TryKeyFrame(std::string_view text) {
  const auto kind = ParseKeyFrame(text);
  if (!kind.ok()) return RequireCode(kind.status(), {Code::kInvalidArgument});
  Require(KeyFrameName(*kind) == text, "a key frame has one name");
}

}  // namespace
}  // namespace kvwire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  kvwire::TrySpec(text);
  kvwire::TryScales(text);
  kvwire::TryKeyFrame(text);
  return 0;
}
