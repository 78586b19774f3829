#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_FETCH_AHEAD_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_FETCH_AHEAD_H_

// Memory that is needed soon, fetched into the second cache a little with each step of what
// is computed meanwhile: all at once would hold up what comes after.

#include <cstdint>

namespace kvwire {

// Isa: as in lane_blocks.h.
template <typename Isa>
class FetchAhead {
 public:
  // Fetches part `part` of `parts` of the `numbers` from `first` on, in `steps` > 0.
  FetchAhead(const float* first, int64_t numbers, int64_t part, int64_t parts, int64_t steps)
      : at_(reinterpret_cast<const char*>(first + numbers * part / parts)),
        bytes_(CeilDivide(numbers * int64_t{sizeof(float)}, parts * steps)) {}

  inline __attribute__((always_inline)) void Step() {
    __builtin_prefetch(at_, 0, kSecondCache);
    at_ += bytes_;
  }

 private:
  static constexpr int kSecondCache = 2;

  static int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

  const char* at_;
  int64_t bytes_;  // of a step
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_FETCH_AHEAD_H_
