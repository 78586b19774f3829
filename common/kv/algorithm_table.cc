#include "common/kv/algorithm_table.h"

#include <vector>

namespace kvwire {

// Each is defined in the file of its algorithm. A code that was ever given stays with its
// algorithm.
KvAlgorithm DescribeBfloat16();
KvAlgorithm DescribeBitplane();
KvAlgorithm DescribeExact();
KvAlgorithm DescribeFloat16();
KvAlgorithm DescribeKivi();
KvAlgorithm DescribeQ4_0();
KvAlgorithm DescribeQ8_0();
KvAlgorithm DescribeSkvq();
KvAlgorithm DescribeStreaming();
KvWrapper DescribeWindow();

absl::Span<const KvAlgorithm> AlgorithmTable() {
  static const auto* const table = new std::vector<KvAlgorithm>{
      DescribeBfloat16(), DescribeBitplane(), DescribeExact(),
      DescribeFloat16(),  DescribeKivi(),     DescribeQ4_0(),
      DescribeQ8_0(),     DescribeSkvq(),     DescribeStreaming(),
  };
  return *table;
}

absl::Span<const KvWrapper> WrapperTable() {
  static const auto* const table = new std::vector<KvWrapper>{DescribeWindow()};
  return *table;
}

}  // namespace kvwire
