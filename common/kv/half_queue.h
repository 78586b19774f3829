#ifndef KVWIRE_COMMON_KV_HALF_QUEUE_H_
#define KVWIRE_COMMON_KV_HALF_QUEUE_H_

// A queue of binary16 numbers that lie one behind the other in memory.

#include <algorithm>
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
    const int64_t wanted = size() + count;
    if (first_ + wanted > static_cast<int64_t>(numbers_.capacity())) {
      Move(std::max(wanted, 2 * size()));
    }
    numbers_.resize(static_cast<size_t>(first_ + wanted));
    return numbers_.data() + first_ + wanted - count;
  }

  // Amortised O(count): what is left moves once as many have gone, to no more memory than it
  // takes.
  void DropFront(int64_t count) {
    first_ += count;
    if (first_ >= size()) Move(size());
  }

 private:
  using Numbers = std::vector<Eigen::half, UnwrittenAllocator<Eigen::half>>;

  // Moves what has not gone to memory for `room` numbers, in one copy: a vector that grows
  // constructs one number after the other.
  void Move(int64_t room) {
    Numbers moved;
    moved.reserve(static_cast<size_t>(room));
    moved.resize(static_cast<size_t>(size()));
    std::copy_n(numbers_.data() + first_, moved.size(), moved.data());
    numbers_.swap(moved);
    first_ = 0;
  }

  Numbers numbers_;
  int64_t first_ = 0;  // that has not gone
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_HALF_QUEUE_H_
