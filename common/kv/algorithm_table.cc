#include "common/kv/algorithm_table.h"

#include <vector>

namespace kvwire {

// Each is defined in the file of its algorithm. A code that was ever given stays with its
// algorithm.
KvAlgorithm DescribeBalancekv();
KvAlgorithm DescribeBfloat16();
KvAlgorithm DescribeBitplane();
KvAlgorithm DescribeExact();
KvAlgorithm DescribeFloat16();
KvAlgorithm DescribeFloat8();
KvAlgorithm DescribeFloor();
KvAlgorithm DescribeH2o();
KvAlgorithm DescribeKivi();
KvAlgorithm DescribeMean();
KvAlgorithm DescribeMinicache();
KvAlgorithm DescribePolarquant();
KvAlgorithm DescribeQ4_0();
KvAlgorithm DescribeQ8_0();
KvAlgorithm DescribeQjl();
KvAlgorithm DescribeScaleKv();
KvAlgorithm DescribeScatterbrain();
KvAlgorithm DescribeScissorhands();
KvAlgorithm DescribeSkvq();
KvAlgorithm DescribeSnapKv();
KvAlgorithm DescribeStreaming();
KvAlgorithm DescribeSubgen();
KvAlgorithm DescribeSubgenRatio();
KvAlgorithm DescribeSubgen2();
KvAlgorithm DescribeSubgen4();
KvAlgorithm DescribeTurboquant();
KvAlgorithm DescribeUniform();
KvAlgorithm DescribeZero();
KvWrapper DescribeAns();
KvWrapper DescribeWindow();
KvWrapper DescribeZstd();

// A row a line.
// clang-format off
absl::Span<const KvAlgorithm> AlgorithmTable() {
  static const auto* const table = new std::vector<KvAlgorithm>{
      DescribeBalancekv(),
      DescribeBfloat16(),
      DescribeBitplane(),
      DescribeExact(),
      DescribeFloat16(),
      DescribeFloat8(),
      DescribeFloor(),
      DescribeH2o(),
      DescribeKivi(),
      DescribeMean(),
      DescribeMinicache(),
      DescribePolarquant(),
      DescribeQ4_0(),
      DescribeQ8_0(),
      DescribeQjl(),
      DescribeScaleKv(),
      DescribeScatterbrain(),
      DescribeScissorhands(),
      DescribeSkvq(),
      DescribeSnapKv(),
      DescribeStreaming(),
      DescribeSubgen(),
      DescribeSubgenRatio(),
      DescribeSubgen2(),
      DescribeSubgen4(),
      DescribeTurboquant(),
      DescribeUniform(),
      DescribeZero(),
  };
  return *table;
}

absl::Span<const KvWrapper> WrapperTable() {
  static const auto* const table = new std::vector<KvWrapper>{
      DescribeAns(),
      DescribeWindow(),
      DescribeZstd(),
  };
  return *table;
}
// clang-format on

}  // namespace kvwire
