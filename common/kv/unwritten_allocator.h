#ifndef KVWIRE_COMMON_KV_UNWRITTEN_ALLOCATOR_H_
#define KVWIRE_COMMON_KV_UNWRITTEN_ALLOCATOR_H_

#include <Eigen/Core>
#include <new>
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

  template <typename Value>
  void construct(Value* at) {
    ::new (static_cast<void*>(at)) Value;
  }
  template <typename Value, typename... Arguments>
  void construct(Value* at, Arguments&&... arguments) {
    ::new (static_cast<void*>(at)) Value(std::forward<Arguments>(arguments)...);
  }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_UNWRITTEN_ALLOCATOR_H_
