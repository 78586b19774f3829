#ifndef KVWIRE_COMMON_KV_ALGORITHMS_SECTION_SEQUENCE_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_SECTION_SEQUENCE_H_

// Where the restoring of a state of several sections stands: one is ended before the next
// begins, and all must come.

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/base/status_macros.h"

namespace kvwire {

class SectionSequence {
 public:
  explicit SectionSequence(size_t sections) : sections_(sections) {}

  using Step = absl::FunctionRef<absl::Status(size_t)>;

  // Ends the section that was begun last, if any, by end(its index) and begins the next by
  // begin(its index). Returns their first error, or DATA_LOSS if no further one is due.
  absl::Status Next(Step end, Step begin) {
    if (begun_ > 0) KVWIRE_RETURN_IF_ERROR(end(current()));
    if (begun_ == sections_) {
      return absl::DataLossError("a section where none of that kind is due");
    }
    ++begun_;
    return begin(current());
  }

  // Ends the last section. Returns its error, or DATA_LOSS unless it is the last one due.
  absl::Status Finish(Step end) const {
    if (begun_ < sections_) return absl::DataLossError("a section of the state is missing");
    return end(current());
  }

  // The index of the section that bytes go to; 0 before any was begun.
  size_t current() const { return begun_ > 0 ? begun_ - 1 : 0; }

 private:
  size_t sections_;
  size_t begun_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_SECTION_SEQUENCE_H_
