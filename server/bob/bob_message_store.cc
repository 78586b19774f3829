#include "server/bob/bob_message_store.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "common/wire/status_conversion.h"
#include "server/calls/draining.h"

namespace kvwire {

absl::Status MessageStore::Recover() {
  KVWIRE_ASSIGN_OR_RETURN(auto files, spool_->Recover());
  const std::lock_guard lock(mutex_);
  for (std::unique_ptr<SpoolFile>& file : files) {
    const uint64_t run_id = file->opening().run_id;
    messages_[run_id] =
        std::make_shared<ReceivedMessage>(std::move(file), message_limit_bytes_);
  }
  return absl::OkStatus();
}

absl::StatusOr<MessageStore::Stream> MessageStore::Begin(
    const v1::SendRequest& opening, const std::string& sender,
    std::shared_ptr<const TcpMeter> meter) {
  Stream stream;
  KVWIRE_ASSIGN_OR_RETURN(stream.message, FindOrCreate(opening, sender));
  const absl::StatusOr<StreamNumber> number =
      stream.message->BeginStream(opening, sender, std::move(meter));
  if (!number.ok()) {
    return Annotate(number.status(), absl::StrFormat("run %016x", opening.run_id()));
  }
  stream.number = *number;
  return stream;
}

absl::StatusOr<std::shared_ptr<ReceivedMessage>> MessageStore::FindOrCreate(
    const v1::SendRequest& opening, const std::string& sender) {
  KVWIRE_ASSIGN_OR_RETURN(const MessageOpening said,
                          ReceivedMessage::OpeningOf(opening, sender));
  const std::lock_guard lock(mutex_);
  const auto present = messages_.find(said.run_id);
  if (present != messages_.end() && !present->second->discarded()) return present->second;
  if (opening.write_offset() != 0) {
    return absl::OutOfRangeError(
        absl::StrFormat("nothing of run %016x is here, so it cannot go on at byte %d",
                        said.run_id, opening.write_offset()));
  }
  // Under the lock: who drains sees the message, or is seen here.
  KVWIRE_RETURN_IF_ERROR(CheckNotDraining());
  if (present == messages_.end()) KVWIRE_RETURN_IF_ERROR(MakeRoom());
  KVWIRE_ASSIGN_OR_RETURN(std::unique_ptr<SpoolFile> file, spool_->Create(said));
  auto message = std::make_shared<ReceivedMessage>(std::move(file), message_limit_bytes_);
  messages_[said.run_id] = message;
  return message;
}

absl::Status MessageStore::MakeRoom() {
  if (messages_.size() < kMaxMessages) return absl::OkStatus();
  auto longest = messages_.end();
  absl::Time since = absl::InfiniteFuture();
  for (auto entry = messages_.begin(); entry != messages_.end(); ++entry) {
    const std::optional<absl::Time> idle = entry->second->idle_since();
    if (!idle.has_value() || *idle >= since) continue;
    since = *idle;
    longest = entry;
  }
  if (longest == messages_.end()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("Bob holds ", kMaxMessages, " messages; close a run first"));
  }
  longest->second->Remove();
  messages_.erase(longest);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<ReceivedMessage>> MessageStore::Find(uint64_t run_id) const {
  const std::lock_guard lock(mutex_);
  const auto entry = messages_.find(run_id);
  if (entry == messages_.end()) {
    return absl::NotFoundError(absl::StrFormat("no message of run %016x arrived", run_id));
  }
  return entry->second;
}

absl::Status MessageStore::Claim(uint64_t run_id, const std::string& identity) const {
  const auto message = Find(run_id);
  return message.ok() ? (*message)->Claim(identity) : absl::OkStatus();
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
  if (spool_->durable()) return false;
  const std::lock_guard lock(mutex_);
  return std::any_of(messages_.begin(), messages_.end(),
                     [](const auto& entry) { return !entry.second->discarded(); });
}

void MessageStore::Remove(uint64_t run_id) {
  // Held until the file is gone: the next message of the run has one of the same name.
  const std::lock_guard lock(mutex_);
  const auto entry = messages_.find(run_id);
  if (entry == messages_.end()) return;
  entry->second->Remove();
  messages_.erase(entry);
}

}  // namespace kvwire
