#ifndef KVWIRE_CLIENT_CONFORMANCE_TEST_TOKENS_H_
#define KVWIRE_CLIENT_CONFORMANCE_TEST_TOKENS_H_

// Tokens and queries that are the same in every run.

#include <cstdint>
#include <optional>

#include "common/attention/key_frame.h"
#include "kvwire/v1/algorithm.pb.h"

namespace kvwire::conformance {

// Without a public frame every number is standard normal. With one (of unit vectors) the
// keys are the frame's and the values bits, as in the reduction: what algorithms that keep
// no keys can hold. Queries are standard normal either way. A copy is cheap.
class TestTokens {
 public:
  // Variants differ in all numbers, but for the keys of a frame.
  explicit TestTokens(const v1::CacheParameters& parameters, uint64_t variant = 0);

  // Tokens first .. first + rows - 1 as one block, of the frame's token_count at most.
  v1::IngestRequest Block(int64_t first, int64_t rows, bool closes_scale = true) const;

  // One request of `rows` queries. Variants of its own.
  v1::AttendRequest Queries(int64_t rows, uint64_t variant = 0) const;

  // One query that points at the key of token `token`.
  v1::AttendRequest QueryOf(int64_t token) const;

  // w.
  int64_t width() const { return width_; }
  int64_t dims() const { return dims_; }

 private:
  uint64_t variant_;
  int64_t dims_;
  int64_t width_;
  bool signs_;
  std::optional<KeyFrame> frame_;
};

}  // namespace kvwire::conformance

#endif  // KVWIRE_CLIENT_CONFORMANCE_TEST_TOKENS_H_
