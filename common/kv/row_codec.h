#ifndef KVWIRE_COMMON_KV_ROW_CODEC_H_
#define KVWIRE_COMMON_KV_ROW_CODEC_H_

// What a quantiser does with the keys of tokens, or with their values: groups of rows to
// bits and back. Immutable and thread safe; a group's bits follow from its rows alone.

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/matrix.h"
#include "common/kv/packed_bits.h"
#include "common/kv/snapshot_section.h"

namespace kvwire {

// The bits that each group adds to one section.
struct CodeField {
  SectionContent content = SectionContent::kCodes;
  int64_t bits = 0;  // of a group, > 0; a multiple of symbol_bits
  int symbol_bits = 8;
  int64_t row_symbols = 1;  // as in SnapshotSection
};

class RowCodec {
 public:
  virtual ~RowCodec() = default;

  // G, how many rows are coded together, and how many of the newest rows stay as they
  // are, at binary16, until G more have come. G = 1 with none codes each row at once.
  virtual int64_t group_rows() const { return 1; }
  virtual int64_t recent_rows() const { return 0; }

  // At least one, always the same.
  virtual std::vector<CodeField> fields() const = 0;

  // Whether a row [w], whose numbers binary16 can hold, can be coded: OK, or
  // INVALID_ARGUMENT saying why not.
  virtual absl::Status CheckRow(absl::Span<const float> /*row*/) const {
    return absl::OkStatus();
  }

  // Appends exactly the bits of each field for `rows` [G, w], checked, to `out`, one
  // sequence a field. On the portable path: the same bits on every machine.
  virtual void Encode(const Matrix& rows, absl::Span<PackedBits* const> out) const = 0;

  // Whether `bits`, the restored bits of a field of whole groups, can be those of groups:
  // OK, or DATA_LOSS saying why not. Scales and norms of 16 bits are finite at binary16.
  virtual absl::Status CheckField(size_t /*field*/, const PackedBits& /*bits*/) const {
    return absl::OkStatus();
  }

  // Writes the rows of a group [G, w] that `in`, one reader a field, stands at.
  virtual void Decode(absl::Span<BitReader> in, Eigen::Ref<Matrix> rows) const = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ROW_CODEC_H_
