#ifndef KVWIRE_TESTS_FUZZ_CHANNEL_EVENTS_H_
#define KVWIRE_TESTS_FUZZ_CHANNEL_EVENTS_H_

// What the records of an input of the channel target are: kind % kChannelEvents is the event,
// an odd quotient says that another caller than usual is behind it.

#include <cstdint>

namespace kvwire {

enum class ChannelEvent : uint8_t {
  kChunk,   // a SendRequest of the stream under way, or of a new one
  kEnd,     // the stream ends
  kBreak,   // the stream is cut: nothing more comes of it
  kQuery,   // a QueryWriteStatusRequest
  kRestart  // Bob's process ends, and another one takes up his spool
};

inline constexpr int kChannelEvents = 5;

}  // namespace kvwire

#endif  // KVWIRE_TESTS_FUZZ_CHANNEL_EVENTS_H_
