#ifndef KVWIRE_COMMON_BASE_WIDE_VECTOR_H_
#define KVWIRE_COMMON_BASE_WIDE_VECTOR_H_

// Numbers side by side, for what compilers do not make vectors of by themselves. For use
// within RunWide (wide_loop.h); never passed to a function that is not inlined.

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kvwire {

inline constexpr size_t kWideLanes = 4;

using WideDoubles = __attribute__((vector_size(32))) double;
using WideIntegers = __attribute__((vector_size(32))) int64_t;
using WideFloats = __attribute__((vector_size(16))) float;  // as many

// To and from any address. A vector type that is declared `aligned` to less does not do: where
// GCC heeds that Clang ignores it, and the other way round.
template <typename Vector>
[[gnu::always_inline]] inline void FetchVector(const void* from, Vector& to) {
  std::memcpy(&to, from, sizeof(to));
}
template <typename Vector>
[[gnu::always_inline]] inline void StoreVector(const Vector& from, void* to) {
  std::memcpy(to, &from, sizeof(from));
}

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_WIDE_VECTOR_H_
