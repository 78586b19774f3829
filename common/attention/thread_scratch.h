#ifndef KVWIRE_COMMON_ATTENTION_THREAD_SCRATCH_H_
#define KVWIRE_COMMON_ATTENTION_THREAD_SCRATCH_H_

// Memory for panels (kernel/attention_kernel.h): numbers on whole cache lines.

#include <cstdint>
#include <memory>

namespace kvwire {

// `count` numbers, aligned to 64 bytes, not initialised.
class AlignedNumbers {
 public:
  explicit AlignedNumbers(int64_t count);
  float* data() const { return numbers_.get(); }

 private:
  struct Free {
    void operator()(float* numbers) const;
  };
  std::unique_ptr<float[], Free> numbers_;
};

// The same, from what the thread's last scratch left: up to kThreadNumbers of
// panel_group.h are kept for the next, since fresh pages cost more than a small attention.
// One at a time may be alive in a thread, and only there.
class ThreadScratch {
 public:
  explicit ThreadScratch(int64_t count);
  float* data() const { return data_; }

 private:
  std::unique_ptr<AlignedNumbers> own_;  // if it is too large to keep
  float* data_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_THREAD_SCRATCH_H_
