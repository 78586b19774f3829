#include "common/kv/algorithm_table.h"

#include <vector>

namespace kvwire {

// Each is defined in the file of its algorithm. Codes so far: 1 .. 4; a code that was
// ever given stays with its algorithm.
KvAlgorithm DescribeBitplane();
KvAlgorithm DescribeExact();
KvAlgorithm DescribeFloat16();
KvAlgorithm DescribeStreaming();

KvWrapper DescribeAns();
KvWrapper DescribeZstd();

absl::Span<const KvAlgorithm> AlgorithmTable() {
  static const auto* const table = new std::vector<KvAlgorithm>{
      DescribeBitplane(),
      DescribeExact(),
      DescribeFloat16(),
      DescribeStreaming(),
  };
  return *table;
}

absl::Span<const KvWrapper> WrapperTable() {
  static const auto* const table = new std::vector<KvWrapper>{
      DescribeAns(),
      DescribeZstd(),
  };
  return *table;
}

}  // namespace kvwire
