#ifndef KVWIRE_CLIENT_PNM_H_
#define KVWIRE_CLIENT_PNM_H_

// PBM and PGM files (netpbm: pbm(5), pgm(5)), plain and raw, to pictures. Read here and not
// by Leptonica 1.82, which skips raw pixels that look like blanks, shortens numbers that are
// too large, and takes 16 bits in the byte order of the machine. Thread-safe.

#include <string_view>

#include "absl/status/statusor.h"
#include "client/picture.h"

namespace kvwire {

// Whether `bytes` begin as such a file: P1, P2, P4 or P5.
bool IsPnm(std::string_view bytes);

// Returns INVALID_ARGUMENT as ReadPicture, for any bytes. Bytes after the last pixel are
// passed over, as in a file of several pictures.
absl::StatusOr<Picture> DecodePnm(std::string_view bytes);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_PNM_H_
