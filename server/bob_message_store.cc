#include "server/bob_message_store.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "server/draining.h"

namespace kvwire {

absl::StatusOr<std::shared_ptr<ReceivedMessage>> MessageStore::Begin(
    const v1::SendRequest& opening, TcpMeter meter) {
  KVWIRE_ASSIGN_OR_RETURN(
      std::shared_ptr<ReceivedMessage> message,
      ReceivedMessage::Create(opening, std::move(meter), message_limit_bytes_));
  const std::lock_guard lock(mutex_);
  // Under the lock: who drains sees the message, or is seen here.
  KVWIRE_RETURN_IF_ERROR(CheckNotDraining());
  const auto present = messages_.find(opening.run_id());
  if (present != messages_.end() && !present->second->broken()) {
    return absl::AlreadyExistsError(absl::StrFormat(
        "run %016x has a message already; a run is one message", opening.run_id()));
  }
  if (present == messages_.end() && messages_.size() >= kMaxMessages) {
    std::erase_if(messages_, [](const auto& entry) { return entry.second->broken(); });
    if (messages_.size() >= kMaxMessages) {
      return absl::ResourceExhaustedError(
          absl::StrCat("Bob holds ", kMaxMessages, " messages; close a run first"));
    }
  }
  messages_[opening.run_id()] = message;
  return message;
}

absl::StatusOr<std::shared_ptr<ReceivedMessage>> MessageStore::Find(uint64_t run_id) const {
  const std::lock_guard lock(mutex_);
  const auto entry = messages_.find(run_id);
  if (entry == messages_.end()) {
    return absl::NotFoundError(absl::StrFormat("no message of run %016x arrived", run_id));
  }
  return entry->second;
}

absl::StatusOr<std::shared_ptr<ReceivedMessage>> MessageStore::FindSealed(
    uint64_t run_id) const {
  KVWIRE_ASSIGN_OR_RETURN(std::shared_ptr<ReceivedMessage> message, Find(run_id));
  KVWIRE_RETURN_IF_ERROR(message->CheckSealed());
  return message;
}

size_t MessageStore::size() const {
  const std::lock_guard lock(mutex_);
  return messages_.size();
}

bool MessageStore::HoldsAny() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(messages_.begin(), messages_.end(),
                     [](const auto& entry) { return !entry.second->broken(); });
}

void MessageStore::Remove(uint64_t run_id) {
  const std::lock_guard lock(mutex_);
  messages_.erase(run_id);
}

}  // namespace kvwire
