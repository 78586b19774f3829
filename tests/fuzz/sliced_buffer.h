#ifndef KVWIRE_TESTS_FUZZ_SLICED_BUFFER_H_
#define KVWIRE_TESTS_FUZZ_SLICED_BUFFER_H_

// A message as it comes out of the transport: in slices, of few enough bytes that those of
// an input are in several.

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace kvwire {

inline grpc::ByteBuffer SlicedBuffer(std::string_view bytes) {
  constexpr size_t kSliceBytes = 600;
  std::vector<grpc::Slice> slices;
  for (size_t at = 0; at < bytes.size(); at += kSliceBytes) {
    const std::string_view slice = bytes.substr(at, kSliceBytes);
    slices.emplace_back(slice.data(), slice.size());
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_FUZZ_SLICED_BUFFER_H_
