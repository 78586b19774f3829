#include "server/calls/draining.h"

#include <atomic>

namespace kvwire {
namespace {

std::atomic<bool> draining = false;

}  // namespace

void BeginDraining() { draining = true; }

absl::Status CheckNotDraining() {
  if (!draining) return absl::OkStatus();
  return absl::UnavailableError(
      "this service is about to end and begins nothing new; try again when it is back");
}

}  // namespace kvwire
