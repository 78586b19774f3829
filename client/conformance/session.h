#ifndef KVWIRE_CLIENT_CONFORMANCE_SESSION_H_
#define KVWIRE_CLIENT_CONFORMANCE_SESSION_H_

// An open session of the server under test, for the calls of a case that must succeed:
// each returns INTERNAL, saying what was expected, if it does not.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/conformance/subject.h"

namespace kvwire::conformance {

// Closed when destroyed. Refers to the plug-in.
class Session {
 public:
  // Tokens are counted from `token_count` on; -1: from the first count reported.
  Session(const PlugIn& plug_in, int64_t id, int64_t token_count)
      : plug_in_(plug_in), id_(id), token_count_(token_count) {}
  ~Session() { plug_in_.Close(id_).IgnoreError(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  static absl::StatusOr<std::unique_ptr<Session>> Open(const PlugIn& plug_in,
                                                       const v1::OpenRequest& open);
  // From a snapshot, in pieces of `piece_bytes`.
  static absl::StatusOr<std::unique_ptr<Session>> Restore(const PlugIn& plug_in,
                                                          const v1::OpenRequest& open,
                                                          std::string_view snapshot,
                                                          size_t piece_bytes = 1 << 20);

  int64_t id() const { return id_; }
  // As Restore reported it; of a session that was opened 0.
  int64_t restored_bits() const { return restored_bits_; }

  // Appends blocks in one stream; their session_id is set here. Also checks that the
  // token count grows by theirs.
  absl::StatusOr<v1::IngestResponse> Append(std::vector<v1::IngestRequest> blocks);
  // The state, asked for by an empty block.
  absl::StatusOr<v1::IngestResponse> State();
  absl::StatusOr<std::string> Snapshot() const;
  // The outputs of one request; checks that they are finite and of the right length.
  absl::StatusOr<std::string> Attend(v1::AttendRequest queries) const;

 private:
  const PlugIn& plug_in_;
  int64_t id_;
  int64_t token_count_;
  int64_t restored_bits_ = 0;
};

// A block that closes a scale.
v1::IngestRequest ClosingBlock();

// The requests of a Restore; an empty snapshot is one request too.
std::vector<v1::RestoreRequest> RestoreRequests(const v1::OpenRequest& open,
                                                std::string_view snapshot, size_t piece_bytes);

// A session of the subject's setup after `blocks`, each in a request of one stream.
absl::StatusOr<std::unique_ptr<Session>> OpenAfter(const Subject& subject,
                                                   std::vector<v1::IngestRequest> blocks);

// The snapshot of that.
absl::StatusOr<std::string> SnapshotAfter(const Subject& subject,
                                          std::vector<v1::IngestRequest> blocks);

// What can be seen of a session: its snapshot, and its answers to five queries once an
// empty scale has enforced the budget on the last one.
struct View {
  std::string snapshot;
  std::string answers;
};
absl::StatusOr<View> ViewOf(const Subject& subject, Session& session);
absl::Status ExpectSameView(std::string_view what, const View& expected, const View& got);

}  // namespace kvwire::conformance

#endif  // KVWIRE_CLIENT_CONFORMANCE_SESSION_H_
