#include "common/attention/thread_scratch.h"

#include <new>

#include "common/attention/panel_group.h"

namespace kvwire {
namespace {

constexpr std::align_val_t kLine{64};

struct Kept {
  int64_t count = 0;
  std::unique_ptr<AlignedNumbers> numbers;
};

}  // namespace

AlignedNumbers::AlignedNumbers(int64_t count)
    : numbers_(static_cast<float*>(operator new(static_cast<size_t>(count) * sizeof(float),
                                                kLine))) {}

void AlignedNumbers::Free::operator()(float* numbers) const {
  operator delete(numbers, kLine);
}

ThreadScratch::ThreadScratch(int64_t count) {
  thread_local Kept kept;
  if (count > kThreadNumbers) {
    own_ = std::make_unique<AlignedNumbers>(count);
    data_ = own_->data();
    return;
  }
  if (count > kept.count) {
    kept.numbers.reset();
    kept.numbers = std::make_unique<AlignedNumbers>(count);
    kept.count = count;
  }
  data_ = kept.numbers->data();
}

}  // namespace kvwire
