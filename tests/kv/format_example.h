#ifndef KVWIRE_TESTS_KV_FORMAT_EXAMPLE_H_
#define KVWIRE_TESTS_KV_FORMAT_EXAMPLE_H_

// The snapshot that common/kv/FORMAT.md spells out.

#include <memory>

#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"

namespace kvwire {

// The example of FORMAT.md: the key (1, -2) with the value (1/2, 0), and a zero token.
inline Container Example() {
  Container container;
  container.sections = {
      {2, 0, Bytes(0x3c00, 2) + Bytes(0xc000, 2) + Bytes(0x3800, 2) + Bytes(0, 2)}};
  return container;
}

inline const CacheSetup& ExampleSetup() {
  static const CacheSetup* const setup = new CacheSetup(SetupOf("float16", 2));
  return *setup;
}

inline std::unique_ptr<KvCache> ExampleCache() {
  auto cache = NewCache(ExampleSetup());
  const float keys[] = {1, -2, 0, 0};
  const float values[] = {0.5, 0, 0, 0};
  EXPECT_EQ(cache->Append({2, nullptr, keys, values, true}), absl::OkStatus());
  return cache;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_KV_FORMAT_EXAMPLE_H_
