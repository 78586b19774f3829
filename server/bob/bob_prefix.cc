#include "server/bob/bob_prefix.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"

namespace kvwire {

void PrefixDigests::Append(std::string_view bytes) {
  const auto size = static_cast<int64_t>(bytes.size());
  if (summed_ == hashed_) {
    crc_ = Crc32c(bytes, crc_);
    summed_ += size;
  }
  hash_.Update(bytes);
  hashed_ += size;
}

absl::StatusOr<uint32_t> PrefixDigests::Crc(const SpoolFile& file) {
  KVWIRE_RETURN_IF_ERROR(CatchUp(file, /*crc=*/true));
  return crc_;
}

absl::StatusOr<std::string> PrefixDigests::Digest(const SpoolFile& file) {
  KVWIRE_RETURN_IF_ERROR(CatchUp(file, /*crc=*/false));
  hashed_ = 0;
  return std::exchange(hash_, Sha256()).Finish();
}

absl::Status PrefixDigests::CatchUp(const SpoolFile& file, bool crc) {
  constexpr int64_t kPieceBytes = int64_t{1} << 20;
  const int64_t stored = file.stored_bytes();
  if (hashed_ > stored) {
    hash_ = Sha256();
    hashed_ = 0;
  }
  if (summed_ > stored) summed_ = crc_ = 0;
  int64_t at = crc ? std::min(hashed_, summed_) : hashed_;
  while (at < stored) {
    KVWIRE_ASSIGN_OR_RETURN(const std::string piece, file.Read(at, kPieceBytes));
    const std::string_view bytes = piece;
    const int64_t end = at + static_cast<int64_t>(piece.size());
    if (hashed_ < end) {
      hash_.Update(bytes.substr(hashed_ - at));
      hashed_ = end;
    }
    if (crc && summed_ < end) {
      crc_ = Crc32c(bytes.substr(summed_ - at), crc_);
      summed_ = end;
    }
    at = end;
  }
  return absl::OkStatus();
}

}  // namespace kvwire
