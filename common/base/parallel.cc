#include "common/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <unsupported/Eigen/CXX11/ThreadPool>

namespace kvwire {
namespace {

std::atomic<int> requested_threads = 0;

Eigen::ThreadPool& Pool() {
  // Never destroyed: a server's thread may still be working while the process
  // leaves main.
  static auto* const pool = new Eigen::ThreadPool(std::max(1, ParallelThreads() - 1));
  return *pool;
}

// One call of ParallelFor. Shared with its helpers, because a helper may first get
// a thread long after the call returned: it then finds no item left, and never
// touches `item`, which is gone by then.
struct Batch {
  Batch(int64_t total, absl::FunctionRef<void(int64_t)> work)
      : count(total), item(work), unfinished(total) {}

  void Work() {
    for (;;) {
      const int64_t i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= count) return;
      item(i);
      if (unfinished.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished.notify_all();
    }
  }

  // Waits for items that other threads have begun, never for a thread to become
  // free: items nobody began were done by the caller.
  void Wait() {
    for (int64_t left; (left = unfinished.load(std::memory_order_acquire)) != 0;) {
      unfinished.wait(left, std::memory_order_acquire);
    }
  }

  const int64_t count;
  const absl::FunctionRef<void(int64_t)> item;
  std::atomic<int64_t> next = 0;
  std::atomic<int64_t> unfinished;
};

}  // namespace

void SetParallelThreads(int threads) { requested_threads = threads; }

int ParallelThreads() {
  const int requested = requested_threads;
  if (requested > 0) return requested;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void ParallelFor(int64_t count, absl::FunctionRef<void(int64_t)> item) {
  const int64_t helpers = std::min<int64_t>(ParallelThreads(), count) - 1;
  if (helpers <= 0) {
    for (int64_t i = 0; i < count; ++i) item(i);
    return;
  }
  const auto batch = std::make_shared<Batch>(count, item);
  for (int64_t i = 0; i < helpers; ++i) {
    Pool().Schedule([batch] { batch->Work(); });
  }
  batch->Work();
  batch->Wait();
}

}  // namespace kvwire
