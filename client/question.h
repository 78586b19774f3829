#ifndef KVWIRE_CLIENT_QUESTION_H_
#define KVWIRE_CLIENT_QUESTION_H_

// What Bob is asked (--ask).

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/secret_bits.h"

namespace kvwire {

struct Question {
  static constexpr int64_t kMaxPositions = int64_t{1} << 20;

  bool all = true;
  int64_t random_count = 0;        // positions drawn once the message is sealed
  std::vector<int64_t> positions;  // or these, i d + j
};

// Parses "all", "random:K" or "i.j,i.j,..." (row i < L, coordinate j < d). Returns
// INVALID_ARGUMENT on anything else, more than kMaxPositions or more than L d
// positions; OUT_OF_RANGE on a row or coordinate that is not there.
absl::StatusOr<Question> ParseQuestion(std::string_view text, int64_t tokens, int64_t dims);

// The positions asked, drawing them where the question says so.
absl::StatusOr<std::vector<int64_t>> DrawQuestion(const Question& question,
                                                  const SecretBits& secret,
                                                  int64_t payload_bits);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_QUESTION_H_
