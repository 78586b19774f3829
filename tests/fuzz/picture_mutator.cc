// Changes a chunk of a PNG and puts its length and checksum right again. Other files, and
// one PNG in eight, are changed anywhere.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/client/png_bytes.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace kvwire {
namespace {

constexpr size_t kSignatureBytes = 8;

struct Chunk {
  std::string type;
  std::string body;
};

size_t LengthAt(std::string_view bytes) {
  size_t length = 0;
  for (const char byte : bytes.substr(0, 4)) length = length << 8 | static_cast<uint8_t>(byte);
  return length;
}

std::vector<Chunk> ChunksOf(std::string_view bytes) {
  std::vector<Chunk> chunks;
  while (bytes.size() >= 12) {
    const size_t length = std::min(LengthAt(bytes), bytes.size() - 12);
    chunks.push_back({std::string(bytes.substr(4, 4)), std::string(bytes.substr(8, length))});
    bytes.remove_prefix(length + 12);
  }
  return chunks;
}

void MutateChunks(std::vector<Chunk>& chunks, size_t room, std::mt19937& random) {
  const size_t at = random() % chunks.size();
  switch (random() % 8) {
    case 0:
      std::swap(chunks[at], chunks[random() % chunks.size()]);
      return;
    case 1:
      chunks.erase(chunks.begin() + static_cast<ptrdiff_t>(at));
      return;
    case 2:
      LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(chunks[at].type.data()), 4, 4);
      return;
    default:
      break;
  }
  std::string& body = chunks[at].body;
  const size_t size = body.size();
  body.resize(size + room);
  body.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(body.data()), size, size + room));
}

}  // namespace
}  // namespace kvwire

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  using namespace kvwire;
  std::mt19937 random(seed);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::vector<Chunk> chunks;
  if (bytes.starts_with("\x89PNG") && random() % 8 != 0) {
    chunks = ChunksOf(bytes.substr(std::min(size, kSignatureBytes)));
  }
  if (chunks.empty() || size >= max_size) return LLVMFuzzerMutate(data, size, max_size);
  MutateChunks(chunks, max_size - size, random);
  std::string mutated(bytes.substr(0, kSignatureBytes));
  for (const Chunk& chunk : chunks) {
    mutated += PngChunk(chunk.type, chunk.body);
  }
  mutated.resize(std::min(mutated.size(), max_size));
  std::memcpy(data, mutated.data(), mutated.size());
  return mutated.size();
}
