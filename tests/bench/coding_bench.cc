// How fast fair bits are quantised and recovered, on one core. What messages cost over the
// rate-distortion function is coding_table's to say.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "common/coding/bit_quantiser.h"
#include "tests/coding/random_words.h"

namespace kvwire {
namespace {

constexpr int64_t kLongBlock = int64_t{1} << 20;
constexpr int64_t kShortBlock = int64_t{1} << 14;

// Bits of source, of which one pass takes `length`; the ratio is to `wanted` Mbit/s, for want
// of another coder to compare with.
void Report(benchmark::State& state, int64_t length, double wanted) {
  using benchmark::Counter;
  const auto bits = static_cast<double>(length);
  state.counters["bit/s"] = Counter(bits, Counter::kIsIterationInvariantRate);
  if (wanted == 0) return;
  state.counters["ratio"] = Counter(bits / (wanted * 1e6), Counter::kIsIterationInvariantRate);
  state.counters["limit"] = 1;
  state.SetLabel(std::to_string(static_cast<int64_t>(wanted)) + " Mbit/s");
}

void Encode(benchmark::State& state, int64_t length, double distortion, int paths,
            double wanted) {
  BitQuantiser quantiser = *BitQuantiser::Create(length, distortion, paths);
  const BitVector word = RandomWord(length, 1);
  quantiser.Encode(word);  // takes its memory
  for (auto _ : state) benchmark::DoNotOptimize(quantiser.Encode(word));
  Report(state, length, wanted);
}

void Decode(benchmark::State& state, int64_t length, double distortion, int paths,
            double wanted) {
  BitQuantiser quantiser = *BitQuantiser::Create(length, distortion, paths);
  const BitVector message = quantiser.Encode(RandomWord(length, 1));
  for (auto _ : state) benchmark::DoNotOptimize(quantiser.Decode(message));
  Report(state, length, wanted);
}

// How long it takes to find out how many bits a message needs.
void Design(benchmark::State& state, int64_t length, double distortion, int paths) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(BitQuantiser::Create(length, distortion, paths));
  }
}

void RegisterAll() {
  const auto encode = [](const char* name, int64_t length, double distortion, int paths,
                         double wanted) {
    benchmark::RegisterBenchmark(name, Encode, length, distortion, paths, wanted);
  };
  encode("encode/polar/2^20/D=0.11/paths=1", kLongBlock, 0.11, 1, 150);
  encode("encode/polar/2^20/D=0.01/paths=1", kLongBlock, 0.01, 1, 0);
  encode("encode/polar/2^20/D=0.4/paths=1", kLongBlock, 0.4, 1, 0);
  encode("encode/polar/2^20/D=0.11/paths=4", kLongBlock, 0.11, 4, 0);
  encode("encode/polar/2^20/D=0.11/paths=8", kLongBlock, 0.11, 8, 0);
  encode("encode/trellis/2^14/D=0.3", kShortBlock, 0.3, 1, 0);
  benchmark::RegisterBenchmark("decode/polar/2^20/D=0.11", Decode, kLongBlock, 0.11, 1,
                               5000.0);
  benchmark::RegisterBenchmark("decode/trellis/2^14/D=0.3", Decode, kShortBlock, 0.3, 1, 0.0);
  for (const int paths : {1, 8}) {
    const std::string name = "find K/polar/2^20/D=0.11/paths=" + std::to_string(paths);
    benchmark::RegisterBenchmark(name.c_str(), Design, kLongBlock, 0.11, paths)
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace
}  // namespace kvwire

int main(int argc, char** argv) {
  kvwire::RegisterAll();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
