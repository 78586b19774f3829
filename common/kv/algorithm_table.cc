#include "common/kv/algorithm_table.h"

#include <vector>

namespace kvwire {

// Each is defined in the file of its algorithm. Codes so far: 1 .. 4; a code that was
// ever given stays with its algorithm.
KvAlgorithm DescribeBalancekv();
KvAlgorithm DescribeBitplane();
KvAlgorithm DescribeExact();
KvAlgorithm DescribeFloat16();
KvAlgorithm DescribeMean();
KvAlgorithm DescribeScatterbrain();
KvAlgorithm DescribeStreaming();
KvAlgorithm DescribeSubgen();
KvAlgorithm DescribeSubgen2();
KvAlgorithm DescribeSubgen4();
KvAlgorithm DescribeSubgenRatio();
KvAlgorithm DescribeZero();

absl::Span<const KvAlgorithm> AlgorithmTable() {
  static const auto* const table = new std::vector<KvAlgorithm>{
      DescribeBalancekv(),
      DescribeBitplane(),
      DescribeExact(),
      DescribeFloat16(),
      DescribeMean(),
      DescribeScatterbrain(),
      DescribeStreaming(),
      DescribeSubgen(),
      DescribeSubgenRatio(),
      DescribeSubgen2(),
      DescribeSubgen4(),
      DescribeZero(),
  };
  return *table;
}

absl::Span<const KvWrapper> WrapperTable() {
  static const auto* const table = new std::vector<KvWrapper>{};
  return *table;
}

}  // namespace kvwire
