#ifndef KVWIRE_COMMON_CODING_POLAR_LIST_ENCODER_H_
#define KVWIRE_COMMON_CODING_POLAR_LIST_ENCODER_H_

// Quantises fair bits by successive cancellation with a list (Tal and Vardy 2015): not one
// choice of u_0 .. u_i is followed but the `paths` cheapest. A path costs what is believed
// against its choices: the sizes of all beliefs, of frozen positions too, that it contradicts.
// Messages are decoded as any of the same code (polar_decoder.h). They are nearer to the
// source than PolarEncoder's, at a time and memory in proportion to the paths: MATH.md
// measures what that buys.
//
// Nodes are those of polar_plan.h. At a leaf each path goes on with each word of the leaf's
// code; at a node without frozen positions, with the more likely bits and with those that
// differ in one or both of the two least certain.

#include <array>
#include <cstdint>
#include <vector>

#include "common/base/bit_vector.h"
#include "common/coding/best_candidates.h"
#include "common/coding/lanes.h"
#include "common/coding/polar_code.h"

namespace kvwire {

// Encodes blocks of one code. Memory: 6 N paths bytes. Not thread-safe.
class PolarListEncoder {
 public:
  // 1 <= paths <= kMostPolarPaths.
  PolarListEncoder(PolarCode code, int paths);

  const PolarCode& code() const { return code_; }

  // As PolarEncoder::Encode. The same message on every machine.
  BitVector Encode(const BitVector& source);

 private:
  // For each path, what is believed of a node's code word; then the path's word, and the
  // number that the path it continues had when the node began.
  using Beliefs = std::array<const Lanes*, kMostPolarPaths>;
  using Origins = std::array<int, kMostPolarPaths>;
  struct Words {
    Lanes* first;
    int64_t stride;
    Lanes* Of(size_t path) const { return first + static_cast<int64_t>(path) * stride; }
  };

  Origins EncodeNode(const Beliefs& beliefs, Lanes* free, const Words& words, int64_t lanes);
  Origins EncodeHalves(const Beliefs& beliefs, Lanes* free, const Words& words, int64_t lanes,
                       bool first_frozen, bool second_free);
  Origins EncodeFrozen(const Beliefs& beliefs, const Words& words, int64_t lanes);
  Origins EncodeFree(const Beliefs& beliefs, const Words& words, int64_t lanes);
  Origins EncodeLeaf(const Beliefs& beliefs, const Words& words, uint8_t free);
  Origins Keep(const BestCandidates& best);
  size_t NearestPath(const Words& words, const Lanes* source) const;

  PolarCode code_;
  size_t most_;  // paths
  std::vector<uint8_t> plan_;
  size_t at_ = 0;  // in plan_
  size_t count_ = 1;
  std::array<int64_t, kMostPolarPaths> costs_ = {};
  std::vector<Lanes> beliefs_;
  std::vector<Lanes> free_;
  std::vector<Lanes> words_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_POLAR_LIST_ENCODER_H_
