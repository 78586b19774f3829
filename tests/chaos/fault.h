#ifndef KVWIRE_TESTS_CHAOS_FAULT_H_
#define KVWIRE_TESTS_CHAOS_FAULT_H_

// What may happen to a TCP connection between Alice and Bob.

#include <cstdint>
#include <string>

namespace kvwire {

enum class FaultKind {
  kNone,
  // The connection ends.
  kReset,             // for both, at once
  kResetToAlice,      // for her alone; his end stays open and silent
  kResetToBob,        // for him alone
  kClose,             // in order, for both
  kHalfCloseToBob,    // he hears that no more comes; what he says still arrives
  kHalfCloseToAlice,  // the reverse
  kRefuse,            // as soon as it is there
  // It slows down.
  kStall,       // nothing passes any more, and nobody says so
  kPause,       // nothing passes for a moment
  kDelay,       // each piece comes late
  kDribble,     // one byte at a time
  kTinyPieces,  // a few bytes at a time, from the beginning
  // What passes is not what was sent.
  kFlipToBob,
  kFlipToAlice,
  kDropToBob,
  kRepeatToBob,
  kSwapToBob,
  kInsertToBob,
  kZeroToBob,
  kLoseReply,  // what Bob says is lost, and then the connection
  // There is a second connection.
  kDuplicate,  // all that Alice sends reaches Bob twice, at the same time
  kReplay,     // and once more when it is over
};

inline constexpr FaultKind kFirstFault = FaultKind::kReset;
inline constexpr FaultKind kLastFault = FaultKind::kReplay;
inline constexpr int kFaultKinds =
    static_cast<int>(kLastFault) - static_cast<int>(kFirstFault) + 1;

// "reset", "flip to Bob", ...
std::string FaultName(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::kNone;
  // After how many bytes, in the direction that it strikes.
  int64_t after_bytes = 0;
  // Sizes, bits and times follow from it.
  uint64_t seed = 0;
  // Which bit is flipped; -1: one of the byte at random.
  int bit = -1;
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CHAOS_FAULT_H_
