#ifndef KVWIRE_CLIENT_HANDOVER_H_
#define KVWIRE_CLIENT_HANDOVER_H_

// What --algorithm of `kvwire generate` names: through which cache, and after which
// scale, a generation goes from Alice to Bob.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/services.h"
#include "common/wire/generation.h"

namespace kvwire {

struct Handover {
  std::string name;       // in its one spelling
  std::string algorithm;  // of the cache
  // All scales are Bob's: he gets X_init and an empty cache. Otherwise the last one is.
  bool token_log = false;

  // Whether Bob's map must be that of one piece, to the bit.
  bool exact() const { return algorithm == "exact"; }
  // The same generation, handed over like this.
  Generation Applied(Generation generation) const;
};

// Reads the flag: kTokenLog, or an algorithm as CanonicalAlgorithm takes it. Returns
// INVALID_ARGUMENT as that, and for a token log with options or wrappers: it has none.
absl::StatusOr<Handover> ParseHandover(std::string_view text, const ServicesOptions& services);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_HANDOVER_H_
