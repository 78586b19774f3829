#ifndef KVWIRE_COMMON_BASE_WIDE_VECTOR_H_
#define KVWIRE_COMMON_BASE_WIDE_VECTOR_H_

// Four doubles side by side, for what compilers do not make vectors of by themselves. For use
// within RunWide (wide_loop.h); never passed to a function that is not inlined.

#include <cstddef>
#include <cstdint>

namespace kvwire {

inline constexpr size_t kWideLanes = 4;

using WideDoubles = __attribute__((vector_size(32))) double;
using WideIntegers = __attribute__((vector_size(32))) int64_t;

// Where kWideLanes doubles are that need not be aligned.
using UnalignedDoubles = __attribute__((vector_size(32), aligned(8), may_alias)) double;

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_WIDE_VECTOR_H_
