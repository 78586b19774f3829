#include "tests/chaos/fault.h"

namespace kvwire {

std::string FaultName(FaultKind kind) {
  switch (kind) {
    case FaultKind::kNone:
      return "none";
    case FaultKind::kReset:
      return "reset";
    case FaultKind::kResetToAlice:
      return "reset to Alice";
    case FaultKind::kResetToBob:
      return "reset to Bob";
    case FaultKind::kClose:
      return "close";
    case FaultKind::kHalfCloseToBob:
      return "half-close to Bob";
    case FaultKind::kHalfCloseToAlice:
      return "half-close to Alice";
    case FaultKind::kRefuse:
      return "refuse";
    case FaultKind::kStall:
      return "stall";
    case FaultKind::kPause:
      return "pause";
    case FaultKind::kDelay:
      return "delay";
    case FaultKind::kDribble:
      return "dribble";
    case FaultKind::kTinyPieces:
      return "tiny pieces";
    case FaultKind::kFlipToBob:
      return "flip to Bob";
    case FaultKind::kFlipToAlice:
      return "flip to Alice";
    case FaultKind::kDropToBob:
      return "drop";
    case FaultKind::kRepeatToBob:
      return "repeat";
    case FaultKind::kSwapToBob:
      return "swap";
    case FaultKind::kInsertToBob:
      return "insert";
    case FaultKind::kZeroToBob:
      return "zero";
    case FaultKind::kLoseReply:
      return "lose reply";
    case FaultKind::kDuplicate:
      return "duplicate";
    case FaultKind::kReplay:
      return "replay";
  }
  return "unknown";
}

}  // namespace kvwire
