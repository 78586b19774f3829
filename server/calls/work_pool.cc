#include "server/calls/work_pool.h"

#include <unsupported/Eigen/CXX11/ThreadPool>
#include <utility>

namespace kvwire {

struct WorkPool::Threads {
  explicit Threads(int count) : pool(count, /*allow_spinning=*/false) {}

  Eigen::ThreadPool pool;
};

WorkPool::WorkPool(int threads) : threads_(std::make_unique<Threads>(threads)) {}

WorkPool::~WorkPool() = default;

void WorkPool::Post(std::function<void()> work) { threads_->pool.Schedule(std::move(work)); }

}  // namespace kvwire
