#ifndef KVWIRE_SERVER_CALLS_WORK_POOL_H_
#define KVWIRE_SERVER_CALLS_WORK_POOL_H_

// Threads for work that may take long or block, so that gRPC's own threads never
// do. The destructor waits for all posted work. Thread-safe.

#include <functional>
#include <memory>

namespace kvwire {

class WorkPool {
 public:
  explicit WorkPool(int threads);
  ~WorkPool();

  void Post(std::function<void()> work);

 private:
  struct Threads;
  std::unique_ptr<Threads> threads_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_CALLS_WORK_POOL_H_
