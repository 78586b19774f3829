#ifndef KVWIRE_CLIENT_WATERFALL_WATERFALL_VERDICT_H_
#define KVWIRE_CLIENT_WATERFALL_WATERFALL_VERDICT_H_

// Whether a run's waterfall has a place for every byte that the kernel counted.

#include <string>
#include <vector>

#include "client/run_result.h"

namespace kvwire {

// One direction of the connection against the kernel of the end that sent.
struct WaterfallDirection {
  const char* name;   // as in the JSON
  const char* title;  // for people
  const DirectionBytes& bytes;
  int64_t kernel_bytes;

  int64_t residual() const { return kernel_bytes - bytes.stream.Total(); }
};

// Both directions of a waterfall that there is.
std::vector<WaterfallDirection> DirectionsOf(const RunResult& result);

// A sentence if there is no waterfall though one was asked for, and for every direction
// whose categories do not come to the kernel's count.
void JudgeWaterfall(const RunResult& result, std::vector<std::string>& reasons);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_WATERFALL_WATERFALL_VERDICT_H_
