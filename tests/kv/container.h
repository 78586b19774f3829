#ifndef KVWIRE_TESTS_KV_CONTAINER_H_
#define KVWIRE_TESTS_KV_CONTAINER_H_

// The container of snapshots, written a second time from FORMAT.md.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/kv/naive_bytes.h"

namespace kvwire {

// Seven bits a byte, lowest first; all bytes but the last have the highest bit set.
inline std::string Varint(uint64_t value) {
  std::string out;
  do {
    out += Bytes(value % 128 + (value >= 128 ? 128 : 0), 1);
    value /= 128;
  } while (value > 0);
  return out;
}

inline uint64_t TakeVarint(std::string_view& bytes) {
  uint64_t value = 0;
  for (uint64_t weight = 1;; weight *= 128) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value += weight * (byte % 128);
    if (byte < 128) return value;
  }
}

struct Section {
  int content = 0;
  int unused_bits = 0;
  std::string body;

  std::string Build() const {
    const std::string bytes = Bytes(static_cast<uint64_t>(32 * unused_bits + content), 1) +
                              Varint(body.size()) + body;
    return bytes + Bytes(NaiveCrc32c(bytes), 4);
  }
};

struct Container {
  std::string magic = "KVWS";
  uint64_t version = 2;
  uint64_t flags = 0;
  uint64_t dims = 2;
  uint64_t tokens = 2;
  // Code and options of the algorithm, then the count of wrappers and the same of each.
  std::string layers = Bytes(2, 1) + Bytes(0, 1) + Bytes(0, 1);
  std::vector<Section> sections;

  std::string Header() const {
    const std::string bytes = magic + Bytes(version, 1) + Bytes(flags, 1) + Varint(dims) +
                              Varint(tokens) + Bytes(sections.size(), 1) + layers;
    return bytes + Bytes(NaiveCrc32c(bytes), 4);
  }

  std::string Build() const {
    std::string bytes = Header();
    for (const Section& section : sections) bytes += section.Build();
    return bytes;
  }
};

// Takes a good snapshot apart.
inline Container ContainerOf(const std::string& snapshot) {
  Container container;
  std::string_view rest = snapshot;
  const auto take = [&rest](size_t count) {
    const std::string part(rest.substr(0, count));
    rest.remove_prefix(count);
    return part;
  };
  const auto take_byte = [&take] { return static_cast<uint8_t>(take(1).front()); };
  container.magic = take(4);
  container.version = take_byte();
  container.flags = take_byte();
  container.dims = TakeVarint(rest);
  container.tokens = TakeVarint(rest);
  const int sections = take_byte();
  const std::string_view layers = rest;
  const auto skip_layer = [&] {
    take(1);
    for (int options = take_byte(); options > 0; --options) {
      take(1);
      take(take_byte());
    }
  };
  skip_layer();
  for (int wrappers = take_byte(); wrappers > 0; --wrappers) skip_layer();
  container.layers = layers.substr(0, layers.size() - rest.size());
  take(4);
  for (int i = 0; i < sections; ++i) {
    const int first = take_byte();
    const uint64_t length = TakeVarint(rest);
    container.sections.push_back({first % 32, first / 32, take(length)});
    take(4);
  }
  return container;
}

// The body of a snapshot's only section.
inline std::string BodyOf(const std::string& snapshot) {
  const Container container = ContainerOf(snapshot);
  return container.sections.size() == 1 ? container.sections.front().body : "not one section";
}

// What the container of a single section adds to its body, without options.
inline int64_t ContainerBytes(uint64_t dims, uint64_t tokens, uint64_t body_bytes) {
  return static_cast<int64_t>(14 + Varint(dims).size() + Varint(tokens).size() + 5 +
                              Varint(body_bytes).size());
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_KV_CONTAINER_H_
