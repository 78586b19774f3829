#ifndef KVWIRE_CLIENT_CURVE_CURVE_POINT_H_
#define KVWIRE_CLIENT_CURVE_CURVE_POINT_H_

// A compressor's place beside the rate-distortion curve: what it sends for a bit of payload
// against the part of the bits that come out wrong. No message from which M uniform bits are
// read with error rate p is shorter than M (1 - H_b(p)) bits (common/reduction/MATH.md).

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "client/rank/rank_row.h"

namespace kvwire {

// Means over the seeds. Means of points above a convex curve are above it.
struct CurvePoint {
  std::string algorithm;
  std::string server;
  std::string series;   // "floor", or the row's kind
  std::string problem;  // which reduction
  int64_t tokens = 0;
  int64_t dims = 0;
  int64_t seeds = 0;
  double payload_bits = 0;  // M
  double error_rate = 0;    // p, of all bits, whatever Bob is asked
  double curve = 0;         // 1 - H_b(p)
  // Bits for a bit of payload: as the algorithm claims; the whole snapshot, which is the
  // message; all that the connection carried, by the kernel's count.
  double state = 0;
  double snapshot = 0;
  double wire = 0;
  // Why there is no point: the algorithm does not take this problem, or failed on it.
  std::string refusal;
  // What is wrong with it, a sentence a fault: what a run's verdict found, and below the
  // curve. Empty: good.
  std::vector<std::string> reasons;

  bool measured() const { return payload_bits > 0; }
  bool good() const { return reasons.empty(); }
};

// The points of a table of the reduction `problem`, by error rate; rows without samples last.
//
// A seed is below the curve if the least of claim, snapshot and wire is more than
// kLeakLimitBits short of the M - log2 V(M, E) - 2 bits that E wrong ones take
// (common/reduction/bounds.h): by less an honest message may be lucky, by more once in 2^40.
std::vector<CurvePoint> CurvePoints(const RankTable& table, const std::string& problem);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_CURVE_CURVE_POINT_H_
