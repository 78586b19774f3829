#include "common/base/memory_account.h"

#include "absl/strings/str_cat.h"

namespace kvwire {
namespace {

thread_local MemoryAccount* current = nullptr;

}  // namespace

int64_t MemoryBudget::used_bytes() const {
  const std::lock_guard lock(mutex_);
  return used_bytes_;
}

MemoryAccount::~MemoryAccount() {
  const std::lock_guard lock(budget_.mutex_);
  budget_.used_bytes_ -= bytes_;
}

absl::Status MemoryAccount::Raise(int64_t bytes) {
  const std::lock_guard lock(budget_.mutex_);
  if (bytes <= bytes_) return absl::OkStatus();
  const int64_t others = budget_.used_bytes_ - bytes_;
  if (bytes > budget_.limit_bytes_ - others) {
    return absl::ResourceExhaustedError(
        absl::StrCat("this needs ", bytes, " bytes of memory, and others hold ", others,
                     " of the ", budget_.limit_bytes_,
                     " that this process may take; try again when they are done, or raise its "
                     "--memory-budget"));
  }
  budget_.used_bytes_ += bytes - bytes_;
  bytes_ = bytes;
  return absl::OkStatus();
}

void MemoryAccount::Lower(int64_t bytes) {
  const std::lock_guard lock(budget_.mutex_);
  if (bytes >= bytes_) return;
  budget_.used_bytes_ -= bytes_ - bytes;
  bytes_ = bytes;
}

MemoryAccount::Scope::Scope(MemoryAccount& account) : before_(current) { current = &account; }
MemoryAccount::Scope::~Scope() { current = before_; }

MemoryAccount* MemoryAccount::Current() { return current; }

}  // namespace kvwire
