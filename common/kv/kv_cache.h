#ifndef KVWIRE_COMMON_KV_KV_CACHE_H_
#define KVWIRE_COMMON_KV_KV_CACHE_H_

// A KV-cache compression algorithm: a one-pass state over a stream of tokens that
// answers attention queries, and whose whole state can be written down, sent, and
// taken up elsewhere. Everything Attend() depends on is in the snapshot or follows
// from the setup, which is public: that is the law of the reduction.
//
// Tokens come in scales (a VAR scale; one token is a scale of its own). No token of a
// scale is dropped before its own queries have been answered: a budget is enforced when
// the scale closes, before the next Append and in any snapshot. Quantisers and sketches
// that make something of every token take it in when it is appended, and answer from that.
// The queries of appended tokens, not those of Attend, drive policies that go by scores.
// Equal setups and equal Appends, however cut into blocks, give equal snapshots, to the
// byte, and a restored cache goes on as if it had never stopped.
//
// Thread-compatible: const calls may run at once, others need exclusion.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/attention/key_frame.h"
#include "common/base/matrix.h"
#include "common/kv/algorithm_spec.h"
#include "common/kv/attention_kind.h"
#include "common/kv/snapshot_section.h"
#include "common/kv/value_encoding.h"

namespace kvwire {

// Bounds that keep every product of sizes inside 64 bits.
inline constexpr int64_t kMaxCacheDims = 65536;
inline constexpr int64_t kMaxCacheTokens = int64_t{1} << 53;

// The largest piece that a cache hands to a sink.
inline constexpr int64_t kMaxPieceBytes = int64_t{1} << 20;

// What is public before the first token: the common coin and the algorithm.
struct CacheSetup {
  AlgorithmSpec spec;             // canonical: checked and reduced by the registry
  int64_t dims = 0;               // d, 1 .. kMaxCacheDims
  uint64_t seed = 0;              // the public coin
  double sharpness = 0;           // C, for algorithms that tune to it
  std::optional<KeyFrame> frame;  // the public keys [L, d]; absent for natural caches
  AttentionKind attention = AttentionKind::kOrdinary;
  ValueEncoding encoding = ValueEncoding::kBits;  // of the bits in values, if they are
  // Bound on the bytes of memory that the state may take. Checked before memory
  // is taken, by Create against the L tokens of the frame and by each Append.
  int64_t memory_limit_bytes = int64_t{1} << 40;

  int64_t row_width() const { return RowWidth(attention, dims); }
};

// Consecutive tokens of one scale. A null pointer stands for all zeros. The row width
// w is d, or 2 d in tensor attention (AttentionKind).
struct TokenBlock {
  int64_t rows = 0;
  const float* queries = nullptr;  // [rows, d], drives score-based policies
  const float* keys = nullptr;     // [rows, w]
  const float* values = nullptr;   // [rows, w]
  bool closes_scale = true;        // the last block of its scale
};

using ByteSink = absl::FunctionRef<absl::Status(std::string_view)>;

class RowCache;

class KvCache {
 public:
  virtual ~KvCache() = default;

  // Appends a block. On an error nothing is kept of it. Returns
  // INVALID_ARGUMENT    rows < 0, a NaN or infinity, a value the format cannot hold
  // FAILED_PRECONDITION a key that is not the public frame's (formats without keys)
  // RESOURCE_EXHAUSTED  the state would outgrow setup.memory_limit_bytes, or the
  //                     stream kMaxCacheTokens
  virtual absl::Status Append(const TokenBlock& block) = 0;

  // Writes the attention output of `queries` [m, d] into `out` [m, d]. Changes
  // nothing, so a retried call is the same call. Returns FAILED_PRECONDITION if no
  // token was appended, INVALID_ARGUMENT if a shape is not [m, d], OUT_OF_RANGE if scores
  // or outputs overflow binary32.
  virtual absl::Status Attend(const Eigen::Ref<const Matrix>& queries,
                              Eigen::Ref<Matrix> out) const = 0;

  // Every token ever appended, evicted ones included.
  virtual int64_t tokens() const = 0;

  // The algorithm's claim: the exact size of the state, once the open scale is closed,
  // which is the sections' bits without the container's headers, lengths and checksums.
  int64_t StateBits() const;

  // The sections of the snapshot in order, the same contents in the same order for every
  // state of a setup; writing changes nothing and never doubles the state:
  // WriteSection(i) calls the sink with pieces of at most kMaxPieceBytes whose lengths
  // sum to the bytes of Sections()[i], and returns the sink's first error.
  virtual std::vector<SnapshotSection> Sections() const = 0;
  virtual absl::Status WriteSection(size_t index, ByteSink sink) const = 0;

  // This, if its state is a set of tokens, else null.
  virtual const RowCache* AsRows() const { return nullptr; }

  // Restoring, on a cache that was just created: for each section in the order of
  // Sections(), BeginSection (with the tokens() of the stream, as the untrusted
  // snapshot announces them, the same each time) and then its bytes in pieces of
  // any length; EndRestore after the last. A cache whose restoring failed is of no
  // use. The next Append begins a new scale. Returns
  // DATA_LOSS          section contents, lengths or bytes that no state of this setup has
  // RESOURCE_EXHAUSTED the announced state is over setup.memory_limit_bytes
  virtual absl::Status BeginSection(int64_t tokens, SnapshotSection section) = 0;
  virtual absl::Status RestoreBytes(std::string_view piece) = 0;
  virtual absl::Status EndRestore() = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_KV_CACHE_H_
