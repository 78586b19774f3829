#include "client/secret_bits.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <memory>
#include <random>
#include <unordered_set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/little_endian.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

absl::StatusOr<std::string> SystemBytes(int64_t size) {
  constexpr size_t kMostAtOnce = 1 << 20;
  std::string bytes(size, '\0');
  for (size_t have = 0; have < bytes.size();) {
    const ssize_t got =
        getrandom(bytes.data() + have, std::min(kMostAtOnce, bytes.size() - have), 0);
    if (got > 0) have += got;
    if (got <= 0 && errno != EINTR) {
      return absl::UnknownError("the system's random generator failed");
    }
  }
  return bytes;
}

absl::StatusOr<std::string> ShakeBytes(std::string_view purpose, const std::string& seed,
                                       int64_t size) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  // The length keeps purpose and seed apart.
  const std::string input =
      absl::StrCat("kvwire ", purpose.size(), " ", std::string(purpose), seed);
  std::string bytes(size, '\0');
  if (context == nullptr || EVP_DigestInit_ex(context.get(), EVP_shake256(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), input.data(), input.size()) != 1 ||
      EVP_DigestFinalXOF(context.get(), reinterpret_cast<unsigned char*>(bytes.data()),
                         bytes.size()) != 1) {
    return absl::UnknownError("SHAKE256 failed");
  }
  return bytes;
}

// Uniform below `bound`, by rejection.
uint64_t Below(uint64_t bound, const std::string& bytes, size_t& offset, bool& exhausted) {
  const uint64_t unbiased = UINT64_MAX - UINT64_MAX % bound;
  while (offset + sizeof(uint64_t) <= bytes.size()) {
    const uint64_t word = LoadLittleEndian<uint64_t>(bytes.data() + offset);
    offset += sizeof(uint64_t);
    if (word < unbiased) return word % bound;
  }
  exhausted = true;
  return 0;
}

}  // namespace

absl::StatusOr<SecretBits> SecretBits::FromSeed(std::string_view hex) {
  const bool digits = std::all_of(hex.begin(), hex.end(),
                                  [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (!digits || hex.size() % 2 != 0 || hex.empty() || hex.size() > 128) {
    return absl::InvalidArgumentError(
        "a secret seed is 2 to 128 hexadecimal digits, an even number of them");
  }
  SecretBits secret;
  secret.seed_ = absl::HexStringToBytes(std::string(hex));
  return secret;
}

absl::StatusOr<std::string> SecretBits::Bytes(std::string_view purpose, int64_t size) const {
  return seed_.empty() ? SystemBytes(size) : ShakeBytes(purpose, seed_, size);
}

absl::StatusOr<BitVector> SecretBits::Draw(std::string_view purpose, int64_t size_bits) const {
  KVWIRE_ASSIGN_OR_RETURN(const std::string bytes, Bytes(purpose, (size_bits + 7) / 8));
  return BitVector::FromBytes(bytes, size_bits);
}

absl::StatusOr<std::vector<int64_t>> SecretBits::DrawPositions(int64_t count,
                                                               int64_t limit) const {
  // Floyd's sample of `count` out of `limit`; the spare words are for rejections,
  // each of which has probability below 2^-32.
  KVWIRE_ASSIGN_OR_RETURN(const std::string bytes, Bytes("ask", (count + 64) * 8));
  std::unordered_set<int64_t> drawn;
  std::vector<int64_t> positions;
  size_t offset = 0;
  bool exhausted = false;
  for (int64_t top = limit - count; top < limit; ++top) {
    const auto pick = static_cast<int64_t>(Below(top + 1, bytes, offset, exhausted));
    const int64_t position = drawn.contains(pick) ? top : pick;
    drawn.insert(position);
    positions.push_back(position);
  }
  if (exhausted) return absl::UnknownError("the random generator is not uniform");
  return positions;
}

std::string SecretSeedAt(const std::string& secret_seed, uint64_t seed) {
  if (secret_seed.empty()) return "";
  return absl::StrCat(secret_seed, absl::StrFormat("%016x", seed));
}

absl::Status CheckSecretSeeds(const std::string& secret_seed) {
  if (secret_seed.empty()) return absl::OkStatus();
  KVWIRE_RETURN_IF_ERROR(SecretBits::FromSeed(secret_seed).status());
  const std::string longest = SecretSeedAt(secret_seed, UINT64_MAX);
  if (SecretBits::FromSeed(longest).ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the secret seed is too long: ", longest.size() - secret_seed.size(),
      " digits are added to its ", secret_seed.size(), ", for the seed of each run"));
}

uint64_t RandomRunId() {
  std::random_device device;
  uint64_t id = 0;
  while (id == 0) id = (uint64_t{device()} << 32) | device();
  return id;
}

}  // namespace kvwire
