#ifndef KVWIRE_CLIENT_PICTURE_CODEC_H_
#define KVWIRE_CLIENT_PICTURE_CODEC_H_

// The bytes of picture files to pictures and back, by Leptonica, but for
// PBM and PGM files that are read (pnm.h). All that is known of that library is in the .cc.
// Thread-safe.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/picture.h"

namespace kvwire {

enum class PictureFormat { kPng, kPbm, kPgm };

// Returns INVALID_ARGUMENT as ReadPicture, for any bytes.
absl::StatusOr<Picture> DecodePicture(std::string_view bytes);

// Returns INVALID_ARGUMENT as WritePicture.
absl::StatusOr<std::string> EncodePicture(const Picture& picture, PictureFormat format);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_PICTURE_CODEC_H_
