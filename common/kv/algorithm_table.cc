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
KvAlgorithm DescribePolarquant();
KvAlgorithm DescribeQ4_0();
KvAlgorithm DescribeQ8_0();
KvAlgorithm DescribeQjl();
KvAlgorithm DescribeSkvq();
KvAlgorithm DescribeStreaming();
KvAlgorithm DescribeTurboquant();
KvWrapper DescribeWindow();

absl::Span<const KvAlgorithm> AlgorithmTable() {
  static const auto* const table = new std::vector<KvAlgorithm>{
      DescribeBfloat16(), DescribeBitplane(),   DescribeExact(),     DescribeFloat16(),
      DescribeKivi(),     DescribePolarquant(), DescribeQ4_0(),      DescribeQ8_0(),
      DescribeQjl(),      DescribeSkvq(),       DescribeStreaming(), DescribeTurboquant(),
  };
  return *table;
}

absl::Span<const KvWrapper> WrapperTable() {
  static const auto* const table = new std::vector<KvWrapper>{DescribeWindow()};
  return *table;
}

}  // namespace kvwire
