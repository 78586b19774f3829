#ifndef KVWIRE_COMMON_KV_UNWRITTEN_ALLOCATOR_H_
#define KVWIRE_COMMON_KV_UNWRITTEN_ALLOCATOR_H_

#include <Eigen/Core>
#include <new>
#include <type_traits>
#include <utility>

namespace kvwire {

// Memory of vectors whose new numbers are written right after they grew: resize() leaves them
// as the memory was, where it would write zeros. Aligned as Eigen likes it: the order of its
// sums can depend on the alignment.
template <typename Number>
class UnwrittenAllocator : public Eigen::aligned_allocator<Number> {
 public:
  template <typename Other>
  struct rebind {
    using other = UnwrittenAllocator<Other>;
  };

  UnwrittenAllocator() = default;
  template <typename Other>
  UnwrittenAllocator(const UnwrittenAllocator<Other>& /*other*/) {}  // NOLINT(*-explicit-*)

  // Not even what a default constructor would write: Eigen's 16-bit numbers begin as zeros.
  template <typename Value>
  void construct(Value* /*at*/) {
    static_assert(std::is_trivially_copyable_v<Value> &&
                  std::is_trivially_destructible_v<Value>);
  }
  template <typename Value, typename... Arguments>
  void construct(Value* at, Arguments&&... arguments) {
    ::new (static_cast<void*>(at)) Value(std::forward<Arguments>(arguments)...);
  }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_UNWRITTEN_ALLOCATOR_H_
