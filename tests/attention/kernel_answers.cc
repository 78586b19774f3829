// Prints what the attention kernel makes of some problems: which instructions it uses and a
// checksum of each output's bits. An argument names the instruction set to use.
// kernel_machines_test.py runs it on machines that it is not on.

#include <cmath>
#include <cstdint>
#include <iostream>
#include <string_view>

#include "common/attention/kernel/instruction_set.h"
#include "common/attention/softmax_attention.h"
#include "common/base/counter_rng.h"

namespace kvwire {
namespace {

Matrix Draw(int64_t rows, int64_t dims, double scale, uint64_t stream) {
  const CounterRng rng(1, stream);
  uint64_t at = 0;
  return Matrix::NullaryExpr(
      rows, dims, [&] { return static_cast<float>(scale * (2 * rng.Uniform(at++) - 1)); });
}

// FNV-1a over the bits.
uint64_t Checksum(const Matrix& numbers) {
  uint64_t sum = 14695981039346656037U;
  for (const float number : numbers.reshaped<Eigen::RowMajor>()) {
    sum = (sum ^ Eigen::numext::bit_cast<uint32_t>(number)) * 1099511628211U;
  }
  return sum;
}

void Answer(int64_t m, int64_t rows, int64_t dims, double sharpness) {
  const Matrix queries = Draw(m, dims, sharpness, 1);
  const Matrix keys = Draw(rows, dims, 1, 2);
  const Matrix values = Draw(rows, dims, 1, 3);
  Matrix out(m, dims);
  const auto tokens = [&](BlockVisitor visit) {
    visit({MatrixView(keys.data(), rows, dims), MatrixView(values.data(), rows, dims), nullptr,
           /*lasting=*/true});
  };
  SoftmaxAttention(queries, tokens, 3, out);
  std::cout << m << " " << rows << " " << dims << " " << sharpness << " " << std::hex
            << Checksum(out) << std::dec << "\n";
}

bool UseNamed(std::string_view name) {
  for (const InstructionSet set : SupportedInstructionSets()) {
    if (InstructionSetName(set) != name) continue;
    SetAttentionInstructionSet(set);
    return true;
  }
  return false;
}

}  // namespace
}  // namespace kvwire

int main(int argc, char** argv) {
  if (argc > 1 && !kvwire::UseNamed(argv[1])) {
    std::cerr << "this machine cannot run " << argv[1] << "\n";
    return 1;
  }
  std::cout << kvwire::InstructionSetName(kvwire::AttentionInstructionSet()) << "\n";
  for (const int64_t m : {1, 7, 90}) {
    for (const double sharpness : {1, 50}) {
      kvwire::Answer(m, 300, 33, sharpness);
      kvwire::Answer(m, 513, 16, sharpness);
    }
  }
  return 0;
}
