#ifndef KVWIRE_SERVER_WORK_POOL_H_
#define KVWIRE_SERVER_WORK_POOL_H_

// Threads for work that may take long or block, so that gRPC's own threads never
// do. The destructor waits for all posted work.

#include <functional>
#include <utility>

#define EIGEN_USE_THREADS
#include <unsupported/Eigen/CXX11/ThreadPool>

namespace kvwire {

class WorkPool {
 public:
  explicit WorkPool(int threads) : pool_(threads, /*allow_spinning=*/false) {}

  void Post(std::function<void()> work) { pool_.Schedule(std::move(work)); }

 private:
  Eigen::ThreadPool pool_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_WORK_POOL_H_
