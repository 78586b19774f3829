#ifndef KVWIRE_COMMON_BASE_CORD_VIEWS_H_
#define KVWIRE_COMMON_BASE_CORD_VIEWS_H_

// Between std::string_view and absl::string_view, which cords speak: where Abseil was built
// for C++14 they are two types.

#include <string_view>

#include "absl/strings/string_view.h"

namespace kvwire {

inline absl::string_view CordView(std::string_view view) { return {view.data(), view.size()}; }
inline std::string_view StdView(absl::string_view view) { return {view.data(), view.size()}; }

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_CORD_VIEWS_H_
