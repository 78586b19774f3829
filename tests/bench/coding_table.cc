// What the quantisers of fair bits do on this machine: rate over the rate-distortion function
// at the distortion that was measured, and speeds on one core.
//   coding_table [length [words [paths ...]]]

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/binary_entropy.h"
#include "common/coding/bit_quantiser.h"
#include "tests/coding/random_words.h"

namespace kvwire {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void Measure(int64_t length, int words, int paths, double wanted) {
  const Clock::time_point begin = Clock::now();
  absl::StatusOr<BitQuantiser> quantiser = BitQuantiser::Create(length, wanted, paths);
  if (!quantiser.ok()) {
    std::cerr << quantiser.status() << "\n";
    std::exit(1);
  }
  const double design = SecondsSince(begin);
  quantiser->Encode(RandomWord(length, 0));  // takes its memory
  // The least times: another program on the machine can only lengthen them.
  double encoding = 1e9;
  double decoding = 1e9;
  int64_t errors = 0;
  for (int i = 0; i < words; ++i) {
    const BitVector word = RandomWord(length, static_cast<uint64_t>(i));
    const Clock::time_point encode = Clock::now();
    const BitVector message = quantiser->Encode(word);
    encoding = std::min(encoding, SecondsSince(encode));
    const Clock::time_point decode = Clock::now();
    const BitVector decoded = quantiser->Decode(message);
    decoding = std::min(decoding, SecondsSince(decode));
    errors += decoded.Distance(word);
  }
  const auto bits = static_cast<double>(length);
  const double distortion = static_cast<double>(errors) / (bits * words);
  const double ratio =
      static_cast<double>(quantiser->information_bits()) / (bits * RateDistortion(distortion));
  std::cout << absl::StrFormat("%9d %5d  %-7s %5.3f  %8.6f %8d  %7.5f  %8.1f  %8.0f  %7.0f\n",
                               length, paths, quantiser->IsTrellis() ? "trellis" : "polar",
                               wanted, distortion, quantiser->information_bits(), ratio,
                               bits / encoding / 1e6, bits / decoding / 1e6, design * 1e3);
}

}  // namespace
}  // namespace kvwire

int main(int argc, char** argv) {
  const int64_t length = argc > 1 ? std::atoll(argv[1]) : 1048512;
  const int words = argc > 2 ? std::atoi(argv[2]) : 5;
  std::vector<int> all_paths;
  for (int i = 3; i < argc; ++i) all_paths.push_back(std::atoi(argv[i]));
  if (all_paths.empty()) all_paths = {1, 4, 8};
  std::cout
      << "   length paths  code    wanted  measured     bits    ratio  enc Mb/s  dec Mb/s  "
         "find ms\n";
  for (const int paths : all_paths) {
    for (const double distortion : {0.01, 0.05, 0.11, 0.2, 0.3, 0.4}) {
      kvwire::Measure(length, words, paths, distortion);
    }
  }
  return 0;
}
