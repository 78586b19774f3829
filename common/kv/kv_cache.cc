#include "common/kv/kv_cache.h"

namespace kvwire {

int64_t KvCache::StateBits() const {
  int64_t bits = 0;
  for (const SnapshotSection& section : Sections()) bits += section.bits;
  return bits;
}

}  // namespace kvwire
