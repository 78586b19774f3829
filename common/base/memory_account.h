#ifndef KVWIRE_COMMON_BASE_MEMORY_ACCOUNT_H_
#define KVWIRE_COMMON_BASE_MEMORY_ACCOUNT_H_

// A bound on memory that many share: who is about to take some says so first.

#include <cstdint>
#include <mutex>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"

namespace kvwire {

// Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  int64_t limit_bytes() const { return limit_bytes_; }
  int64_t used_bytes() const;

 private:
  friend class MemoryAccount;

  const int64_t limit_bytes_;
  mutable std::mutex mutex_;
  int64_t used_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One party's part of a budget, given back when this goes away. Thread-safe.
class MemoryAccount {
 public:
  // The budget must outlive the account.
  explicit MemoryAccount(MemoryBudget& budget) : budget_(budget) {}
  ~MemoryAccount();
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  // Makes the part at least `bytes` large. Returns RESOURCE_EXHAUSTED, and changes nothing,
  // if the budget has not so much left.
  absl::Status Raise(int64_t bytes);
  // Makes it at most `bytes` large.
  void Lower(int64_t bytes);

  // While it lives, `account` is Current() on this thread: what checks memory far below,
  // without knowing for whom, finds it there.
  class Scope {
   public:
    explicit Scope(MemoryAccount& account);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    MemoryAccount* const before_;
  };

  // Null if there is none.
  static MemoryAccount* Current();

 private:
  MemoryBudget& budget_;
  int64_t bytes_ = 0;  // guarded by the budget's mutex
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_MEMORY_ACCOUNT_H_
