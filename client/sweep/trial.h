#ifndef KVWIRE_CLIENT_SWEEP_TRIAL_H_
#define KVWIRE_CLIENT_SWEEP_TRIAL_H_

// One trial of a sweep: everything that decides what one run of the reduction finds. Equal
// trials have equal text, and its hash is the key under which the result is kept: a trial
// that has a result need not run again, whoever ran it.

#include <compare>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kvwire {

// The members are the flags of `kvwire run`, in one spelling each.
struct Trial {
  std::string problem;
  int64_t n = 0;
  std::string scales;  // "1,2,4,8", the last one n; empty where the problem has none
  int64_t dims = 0;
  std::string frame;
  std::string sharpness;  // "solve", "paper" or a number
  std::string encoding;
  double eta = 0;
  std::string eta_mode;
  std::string mask;
  std::string ask;
  int64_t memory_limit_bytes = 0;  // 0: the algorithm's own
  std::string algorithm;
  int64_t seed = 0;         // of the public coin
  std::string secret_seed;  // hexadecimal; never empty: the private bits are the same again

  friend auto operator<=>(const Trial&, const Trial&) = default;
};

// An object with a key a member, in order.
nlohmann::ordered_json TrialJson(const Trial& trial);

// The same as one line of text without its end.
std::string TrialText(const Trial& trial);

// Inverts TrialText. Returns INVALID_ARGUMENT on any other text, even of an equal trial.
absl::StatusOr<Trial> ParseTrial(std::string_view text);

// 32 hexadecimal digits: the first half of the SHA-256 of the text.
std::string TrialKey(std::string_view text);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_TRIAL_H_
