#ifndef KVWIRE_SERVER_BOB_BOB_MESSAGE_STORE_H_
#define KVWIRE_SERVER_BOB_BOB_MESSAGE_STORE_H_

// The messages that Bob holds, by run. Thread-safe.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "server/bob/bob_message.h"
#include "server/bob/bob_spool.h"

namespace kvwire {

class MessageStore {
 public:
  static constexpr size_t kMaxMessages = 256;

  // Without a spool directory messages are in files without names, and end with the store.
  explicit MessageStore(int64_t message_limit_bytes,
                        std::unique_ptr<const Spool> spool = std::make_unique<Spool>())
      : message_limit_bytes_(message_limit_bytes), spool_(std::move(spool)) {}

  // Takes up what an earlier process left in the spool. Call before anything else. Errors
  // as Spool::Recover.
  absl::Status Recover();

  // A stream of the message that an opening chunk names.
  struct Stream {
    std::shared_ptr<ReceivedMessage> message;
    StreamNumber number = 0;
  };
  // Begins a message, or goes on with it. Where there are kMaxMessages, the part of one that
  // has been idle for longest makes room. Returns UNAVAILABLE for a new message while the
  // process drains; else errors as documented at OneWayChannelService.Send. `sender` is the
  // caller's identity.
  absl::StatusOr<Stream> Begin(const v1::SendRequest& opening, const std::string& sender,
                               std::shared_ptr<const TcpMeter> meter);

  // Returns NOT_FOUND if nothing of that run is here.
  absl::StatusOr<std::shared_ptr<ReceivedMessage>> Find(uint64_t run_id) const;

  // As ReceivedMessage::Claim, of that run's message; OK if nothing of it is here.
  absl::Status Claim(uint64_t run_id, const std::string& identity) const;

  // As Find, and errors of ReceivedMessage::CheckSealed.
  absl::StatusOr<std::shared_ptr<ReceivedMessage>> FindSealed(uint64_t run_id) const;

  // Forgets a run and deletes its message.
  void Remove(uint64_t run_id);

  size_t size() const;
  // Whether there is one that may yet be asked about and would end with the store.
  bool HoldsAny() const;

 private:
  absl::StatusOr<std::shared_ptr<ReceivedMessage>> FindOrCreate(const v1::SendRequest& opening,
                                                                const std::string& sender);
  absl::Status MakeRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int64_t message_limit_bytes_;
  const std::unique_ptr<const Spool> spool_;
  mutable std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<ReceivedMessage>> messages_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_BOB_MESSAGE_STORE_H_
