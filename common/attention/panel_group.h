#ifndef KVWIRE_COMMON_ATTENTION_PANEL_GROUP_H_
#define KVWIRE_COMMON_ATTENTION_PANEL_GROUP_H_

// Queries in panels (kernel/attention_kernel.h), and groups of panels that a thread takes
// through the tokens together, so that a tile of keys is read from afar once a group.

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/attention/kernel/attention_kernel.h"
#include "common/base/matrix.h"

namespace kvwire {

// Numbers that a thread may hold beside inputs and outputs: 1 MiB.
inline constexpr int64_t kThreadNumbers = int64_t{1} << 18;

// How m queries are spread over panels: in order, and as evenly as vectors allow, since a
// narrow panel makes less of each number of a key.
class PanelSplit {
 public:
  PanelSplit(const AttentionKernel& kernel, int64_t queries, int64_t dims);

  struct Place {
    int64_t first;    // query
    int64_t rows;     // queries
    int64_t vectors;  // of the panel; 0: one query by itself
  };

  const AttentionKernel& kernel() const { return *kernel_; }
  int64_t dims() const { return dims_; }
  int64_t panels() const { return panels_; }
  Place At(int64_t panel) const;

  // The most panels of a group: what fits into kThreadNumbers, at least one.
  int64_t most_grouped() const;
  // The numbers that the scores of a tile take, and a panel's own.
  int64_t score_numbers() const;
  int64_t panel_numbers() const;  // the most of any

 private:
  const AttentionKernel* kernel_;
  int64_t queries_;
  int64_t dims_;
  int64_t vectors_;       // in all
  int64_t most_vectors_;  // of a panel
  int64_t panels_;
};

// Where to write what attention knows of each query besides its output, the softmax mass
// e^top * mass; or empty.
struct MassViews {
  absl::Span<float> tops;    // [m]
  absl::Span<float> masses;  // [m]
};

class PanelGroup {
 public:
  // Panels [first, last) of a split, in `memory` of (last - first) * panel_numbers()
  // numbers, aligned to 64 bytes. Both must outlive it.
  PanelGroup(const PanelSplit& split, int64_t first, int64_t last, float* memory);

  // Takes up its queries among all `queries` [m, d].
  void Load(const Eigen::Ref<const Matrix>& queries, int64_t zero_rows);

  // Shows the tokens to panels [first, last) of the group; others may be shown others at
  // the same time. `scores` holds score_numbers(), aligned to 64 bytes.
  void Absorb(absl::Span<const KernelTokens> tokens, int64_t first, int64_t last,
              float* scores) const;

  // Writes its queries' rows of the outputs [m, d] and, unless these are empty, masses.
  void Store(Eigen::Ref<Matrix> out, const MassViews& masses) const;

  int64_t size() const { return static_cast<int64_t>(panels_.size()); }

 private:
  const PanelSplit& split_;
  int64_t first_;
  std::vector<QueryPanel> panels_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_PANEL_GROUP_H_
