#include "common/kv/absent_algorithms.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace kvwire {
namespace {

constexpr AbsentAlgorithm kAbsentAlgorithms[] = {
    {.name = kTokenLog,
     .summary = "the tokens themselves, keys and values being computed again",
     .reason = "needs a model whose weights both sides have, so that keys and values follow "
               "from the tokens; in the reductions they are Alice's bits and follow from "
               "nothing shorter",
     .shown = "kvwire generate --algorithm tokenlog"},
};

}  // namespace

absl::Span<const AbsentAlgorithm> AbsentAlgorithms() { return kAbsentAlgorithms; }

const AbsentAlgorithm* FindAbsentAlgorithm(std::string_view name) {
  const auto* found = std::find_if(std::begin(kAbsentAlgorithms), std::end(kAbsentAlgorithms),
                                   [name](const auto& absent) { return absent.name == name; });
  return found == std::end(kAbsentAlgorithms) ? nullptr : found;
}

std::string WhyAbsent(const AbsentAlgorithm& absent) {
  return absl::StrCat(std::string(absent.name), " ", std::string(absent.reason), "; see ",
                      std::string(absent.shown));
}

}  // namespace kvwire
