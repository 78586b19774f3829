// What the quantisers of fair bits do on this machine: rate over the rate-distortion function
// at the distortion that was measured, and speeds on one core.
//   coding_table [length [words [paths ...]]]
//   coding_table halvings [length [words]]

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/binary_entropy.h"
#include "common/coding/bit_quantiser.h"
#include "common/coding/distortion_search.h"
#include "common/coding/polar_code.h"
#include "common/coding/polar_decoder.h"
#include "common/coding/polar_encoder.h"
#include "tests/coding/random_words.h"

namespace kvwire {
namespace {

constexpr double kDistortions[] = {0.01, 0.05, 0.11, 0.2, 0.3, 0.4};

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

// Excess in percent over the rate-distortion function, of one path, by the number of halvings
// whose channels are densities (polar_entropies.h).
double ExcessPercent(int64_t length, int words, double wanted, int halvings) {
  constexpr TrialSize kTrials = {
      .errors = 5000, .least_bits = int64_t{1} << 19, .most_bits = int64_t{1} << 23};
  const PolarDesign design = *PolarDesign::Create(length, wanted, halvings);
  const auto distortion = [&](int64_t bits, const TrialSize& trials) {
    PolarEncoder encoder(*design.Code(bits));
    return TriedDistortion(length, wanted, trials, [&](const BitVector& word) {
      return DecodePolar(encoder.code(), encoder.Encode(word));
    });
  };
  const double guess = RateDistortion(wanted) * static_cast<double>(length);
  const int64_t bits = FindInformationBits(
      length, wanted, 0, guess, [&](int64_t tried) { return distortion(tried, kTrials); });
  const int64_t measured_bits = words * length;
  const double measured =
      distortion(bits, {.errors = 0, .least_bits = measured_bits, .most_bits = measured_bits});
  return 100 * (static_cast<double>(bits) /
                    (static_cast<double>(length) * RateDistortion(measured)) -
                1);
}

void PrintHalvings(int64_t length, int words) {
  std::cout << "halvings";
  for (const double wanted : kDistortions) std::cout << absl::StrFormat("  D = %4.2f", wanted);
  std::cout << "\n";
  for (const int halvings : {0, 3, 5, 8}) {
    std::cout << absl::StrFormat("%8d", halvings);
    for (const double wanted : kDistortions) {
      const double excess = ExcessPercent(length, words, wanted, halvings);
      std::cout << absl::StrFormat("  %6.2f %%", excess);
    }
    std::cout << std::endl;
  }
}

}  // namespace
}  // namespace kvwire

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "halvings") {
    kvwire::PrintHalvings(argc > 2 ? std::atoll(argv[2]) : 1 << 20,
                          argc > 3 ? std::atoi(argv[3]) : 4);
    return 0;
  }
  const int64_t length = argc > 1 ? std::atoll(argv[1]) : 1048512;
  const int words = argc > 2 ? std::atoi(argv[2]) : 5;
  std::vector<int> all_paths;
  for (int i = 3; i < argc; ++i) all_paths.push_back(std::atoi(argv[i]));
  if (all_paths.empty()) all_paths = {1, 4, 8};
  std::cout
      << "   length paths  code    wanted  measured     bits    ratio  enc Mb/s  dec Mb/s  "
         "find ms\n";
  for (const int paths : all_paths) {
    for (const double distortion : kvwire::kDistortions) {
      kvwire::Measure(length, words, paths, distortion);
    }
  }
  return 0;
}
