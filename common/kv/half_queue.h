#ifndef KVWIRE_COMMON_KV_HALF_QUEUE_H_
#define KVWIRE_COMMON_KV_HALF_QUEUE_H_

// A queue of binary16 numbers that lie one behind the other in memory.

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/base/matrix.h"
#include "common/kv/unwritten_allocator.h"

namespace kvwire {

class HalfQueue {
 public:
  int64_t size() const { return static_cast<int64_t>(numbers_.size()) - first_; }

  // Numbers first .. first + count - 1, until the next change.
  absl::Span<const Eigen::half> Part(int64_t first, int64_t count) const {
    return {numbers_.data() + first_ + first, static_cast<size_t>(count)};
  }

  // Adds `count` numbers, which the caller writes.
  Eigen::half* Extend(int64_t count) {
    const size_t end = numbers_.size();
    numbers_.resize(end + static_cast<size_t>(count));
    return numbers_.data() + end;
  }

  // Amortised O(count): what is left moves once as many have gone, to no more memory than it
  // takes.
  void DropFront(int64_t count) {
    first_ += count;
    if (first_ < size()) return;
    numbers_ = Numbers(numbers_.begin() + first_, numbers_.end());
    first_ = 0;
  }

 private:
  using Numbers = std::vector<Eigen::half, UnwrittenAllocator<Eigen::half>>;

  Numbers numbers_;
  int64_t first_ = 0;  // that has not gone
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_HALF_QUEUE_H_
