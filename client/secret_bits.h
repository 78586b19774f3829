#ifndef KVWIRE_CLIENT_SECRET_BITS_H_
#define KVWIRE_CLIENT_SECRET_BITS_H_

// Where private bits come from: random payloads, masks and questions. Never from
// the public coin, which Bob knows.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/bit_vector.h"

namespace kvwire {

class SecretBits {
 public:
  // The operating system's generator.
  SecretBits() = default;

  // Reproducible bits: SHAKE256 of a purpose and the seed. `hex` is 2 to 128
  // hexadecimal digits, an even number; else INVALID_ARGUMENT.
  static absl::StatusOr<SecretBits> FromSeed(std::string_view hex);

  // Independent uniform bits for each purpose ("payload", "mask", "ask"). Returns
  // UNKNOWN if the system's generator fails.
  absl::StatusOr<BitVector> Draw(std::string_view purpose, int64_t size_bits) const;

  // `count` different positions below `limit`, every set of them equally likely.
  // 0 <= count <= limit <= 2^32.
  absl::StatusOr<std::vector<int64_t>> DrawPositions(int64_t count, int64_t limit) const;

 private:
  absl::StatusOr<std::string> Bytes(std::string_view purpose, int64_t size) const;

  std::string seed_;  // raw bytes; empty: the system's generator
};

// Of many runs from one secret seed, that of the run at `seed` of the public coin: private
// bits follow from both. Empty if `secret_seed` is: they are the system's.
std::string SecretSeedAt(const std::string& secret_seed, uint64_t seed);

// Returns INVALID_ARGUMENT unless FromSeed takes SecretSeedAt(secret_seed, any seed).
absl::Status CheckSecretSeeds(const std::string& secret_seed);

// A random run id, not 0.
uint64_t RandomRunId();

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SECRET_BITS_H_
