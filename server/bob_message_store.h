#ifndef KVWIRE_SERVER_BOB_MESSAGE_STORE_H_
#define KVWIRE_SERVER_BOB_MESSAGE_STORE_H_

// The messages that Bob holds, by run. Thread-safe.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "server/bob_message.h"

namespace kvwire {

class MessageStore {
 public:
  static constexpr size_t kMaxMessages = 256;

  explicit MessageStore(int64_t message_limit_bytes)
      : message_limit_bytes_(message_limit_bytes) {}

  // Takes up the run that `opening` names. A broken message makes room for a new
  // one. Returns ALREADY_EXISTS if the run has a message or one is under way,
  // RESOURCE_EXHAUSTED if there are kMaxMessages, UNAVAILABLE while the process drains,
  // and errors of ReceivedMessage::Create.
  absl::StatusOr<std::shared_ptr<ReceivedMessage>> Begin(const v1::SendRequest& opening,
                                                         TcpMeter meter);

  // Returns NOT_FOUND if no message of that run began to arrive.
  absl::StatusOr<std::shared_ptr<ReceivedMessage>> Find(uint64_t run_id) const;

  // As Find, and FAILED_PRECONDITION unless the message is sealed.
  absl::StatusOr<std::shared_ptr<ReceivedMessage>> FindSealed(uint64_t run_id) const;

  void Remove(uint64_t run_id);

  size_t size() const;
  // Whether there is one that may yet be asked about.
  bool HoldsAny() const;

 private:
  const int64_t message_limit_bytes_;
  mutable std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<ReceivedMessage>> messages_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_MESSAGE_STORE_H_
