// Changes a part of a snapshot (snapshot_input.h) and puts its lengths and checksums right
// again, so that what lies behind them is reached. One change in eight is of any bytes.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/checksum.h"
#include "common/base/little_endian.h"
#include "common/base/varint.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace kvwire {
namespace {

constexpr size_t kChecksumBytes = 4;
// Magic and version, which stay as they are.
constexpr size_t kFixedBytes = 5;

struct Part {
  char first = 0;  // content and unused bits
  std::string body;
};

struct Parts {
  char choice = 0;     // of the algorithm
  std::string header;  // without its checksum
  std::vector<Part> sections;
};

// Takes bytes off the front; past the end there are none.
class Front {
 public:
  explicit Front(std::string_view bytes) : bytes_(bytes) {}

  std::string_view Take(size_t count) {
    const std::string_view part = bytes_.substr(0, count);
    whole_ = whole_ && part.size() == count;
    bytes_.remove_prefix(part.size());
    return part;
  }
  size_t TakeByte() {
    const std::string_view byte = Take(1);
    return byte.empty() ? 0 : static_cast<uint8_t>(byte.front());
  }
  uint64_t TakeVarint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 56 && whole_; shift += 7) {
      const size_t byte = TakeByte();
      value |= uint64_t{byte % 128} << shift;
      if (byte < 128) break;
    }
    return value;
  }
  void SkipLayer() {
    TakeByte();
    for (size_t options = TakeByte(); options > 0 && whole_; --options) {
      TakeByte();
      Take(TakeByte());
    }
  }

  bool whole() const { return whole_; }
  size_t left() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
  bool whole_ = true;
};

std::optional<Parts> TakeApart(std::string_view input) {
  Parts parts;
  if (input.empty()) return std::nullopt;
  parts.choice = input.front();
  const std::string_view snapshot = input.substr(1);
  Front front(snapshot);
  front.Take(kFixedBytes + 1);
  front.TakeVarint();
  front.TakeVarint();
  const size_t sections = front.TakeByte();
  front.SkipLayer();
  for (size_t wrappers = front.TakeByte(); wrappers > 0 && front.whole(); --wrappers) {
    front.SkipLayer();
  }
  parts.header = snapshot.substr(0, snapshot.size() - front.left());
  front.Take(kChecksumBytes);
  if (!front.whole()) return std::nullopt;
  for (size_t i = 0; i < sections && front.whole(); ++i) {
    Part part;
    part.first = static_cast<char>(front.TakeByte());
    part.body = front.Take(front.TakeVarint());
    front.Take(kChecksumBytes);
    parts.sections.push_back(std::move(part));
  }
  return parts;
}

std::string PutTogether(const Parts& parts) {
  std::string bytes(1, parts.choice);
  bytes += parts.header;
  AppendLittleEndian(Crc32c(parts.header), bytes);
  for (const Part& part : parts.sections) {
    std::string section(1, part.first);
    AppendVarint(part.body.size(), section);
    section += part.body;
    AppendLittleEndian(Crc32c(section), section);
    bytes += section;
  }
  return bytes;
}

// Changes `text`, which grows by at most `room`.
void Mutate(std::string& text, size_t room) {
  const size_t size = text.size();
  if (size + room == 0) return;
  text.resize(size + room);
  auto* const data = reinterpret_cast<uint8_t*>(text.data());
  text.resize(LLVMFuzzerMutate(data, size, size + room));
}

void MutatePart(Parts& parts, size_t room, std::mt19937& random) {
  const size_t section = random() % (parts.sections.size() + 1);
  if (section < parts.sections.size()) {
    Part& part = parts.sections[section];
    if (random() % 8 != 0) return Mutate(part.body, room);
    // Another content is refused at once; other unused bits may be right.
    part.first = static_cast<char>((part.first & 31) | random() % 8 << 5);
    return;
  }
  if (random() % 8 == 0) {
    parts.choice = static_cast<char>(random());
    return;
  }
  std::string fields = parts.header.substr(kFixedBytes);
  Mutate(fields, std::min<size_t>(room, 8));
  parts.header.replace(kFixedBytes, std::string::npos, fields);
}

}  // namespace
}  // namespace kvwire

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  using namespace kvwire;
  std::mt19937 random(seed);
  std::optional<Parts> parts;
  if (random() % 8 != 0) parts = TakeApart({reinterpret_cast<const char*>(data), size});
  if (!parts.has_value()) return LLVMFuzzerMutate(data, size, max_size);
  // Lengths may become longer too.
  const size_t spare = 8;
  MutatePart(*parts, max_size > size + spare ? max_size - size - spare : 0, random);
  const std::string bytes = PutTogether(*parts);
  if (bytes.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}
